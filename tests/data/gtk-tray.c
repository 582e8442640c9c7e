/* The tray that most programs have: GTK 3 and libayatana-appindicator, with as many entries as ours has accounts. It is
 * measured beside ours by `tests/run bench`. Needs libayatana-appindicator3-dev. */
#include <gtk/gtk.h>
#include <libayatana-appindicator/app-indicator.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    gtk_init(&argc, &argv);
    GtkWidget *menu = gtk_menu_new();
    for (int number = 0; number < atoi(argv[1]); number++) {
        char label[40];
        g_snprintf(label, sizeof label, "Example – user%d", number);
        gtk_menu_shell_append(GTK_MENU_SHELL(menu), gtk_menu_item_new_with_label(label));
    }
    gtk_widget_show_all(menu);
    AppIndicator *tray = app_indicator_new("bench", "changes-prevent-symbolic", APP_INDICATOR_CATEGORY_APPLICATION_STATUS);
    app_indicator_set_status(tray, APP_INDICATOR_STATUS_ACTIVE);
    app_indicator_set_menu(tray, GTK_MENU(menu));
    g_print("ready\n");
    gtk_main();
    return 0;
}
