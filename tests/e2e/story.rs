//! The story of the product, for real: from a one-time QR on a page to codes on two devices.
//!
//! A browser shows the page, hands click and type, `countersign` runs in a terminal window, and other people's programs
//! (oathtool, zbarimg, busctl) check what it says. `packaging/try` plays it aloud.

use countersign_api::{BUS_NAME, PATH, ROOT};
use harness::{
    Process, World,
    display::{Terminal, words},
    samples,
    site::Site,
    tests, until,
    wait::{LIMIT, unix_now, within_one_step},
};

tests![from_the_page_to_a_code_and_on_to_the_next_device, the_same_story_on_wayland];

fn from_the_page_to_a_code_and_on_to_the_next_device() {
    play(Stage::X11, false);
}

fn the_same_story_on_wayland() {
    play(Stage::Wayland, false);
}

/// Where the story plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Xvfb, openbox, xfce4-panel.
    X11,
    /// Sway, waybar; no X server.
    Wayland,
}

impl Stage {
    /// Makes a world with such a screen, a daemon and an open vault.
    fn world(self) -> World {
        let world = World::build().vault();
        match self {
            Self::X11 => world.display().start(),
            Self::Wayland => world.wayland().start(),
        }
    }
}

/// Plays the story; aloud for the person who tries the product.
pub(crate) fn play(stage: Stage, aloud: bool) {
    let teller = Teller { aloud };
    teller.says("A private world: its own home, bus and screen. Nothing of yours is touched.");
    if stage == Stage::Wayland {
        teller.says("Its screen is a Wayland compositor's (sway, two monitors); there is no X server.");
    }
    let mut world = stage.world();
    let secret = samples::secret();
    world.witness().plant_key("the key on the page", &secret);

    let page = Page::open(&world, &secret);
    let (scan, page) = the_one_time_qr(&teller, &world, page);
    let page = the_reusable_qr(&teller, &world, &scan, page);
    drop((scan, page));
    the_codes(&teller, &mut world, &secret);
    the_next_device(&teller, &world, &stage.world(), &secret);

    let leaks = world.end();
    assert!(leaks.is_empty(), "secrets were seen where they must not be:\n{}", leaks.join("\n"));
    teller.step(
        "Every step held. No secret stood in an output, a log, an argument or a file meanwhile: that was searched.",
    );
    if let Some(folder) = std::env::var_os("COUNTERSIGN_PICTURES").filter(|_| aloud) {
        teller.says(&format!("Pictures of the screen: {}", folder.display()));
    }
}

/// The enrolment page in its browser.
struct Page {
    site: Site,
    _browser: Process,
}

impl Page {
    fn open(world: &World, secret: &str) -> Self {
        let site = Site::start(world, secret, "mfa");
        let browser = world.browse(&site.url);
        // The page tells that it is there before the screen shows it.
        until("the page's QR on the screen", LIMIT, || world.zbarimg_tries(&world.picture("page")));
        Self { site, _browser: browser }
    }
}

/// Clicks at a place that the page told.
fn click_on_page(world: &World, (x, y): (i32, i32)) {
    let corner = world.browser_corner();
    world.click(corner.0 + x, corner.1 + y);
}

fn the_one_time_qr<'w>(teller: &Teller, world: &'w World, mut page: Page) -> (Terminal<'w>, Page) {
    teller.step("1. The page of a work account shows Microsoft's own QR, and `countersign scan` looks at it");
    let first = page.site.next_page();
    assert_eq!(first.page, "first");
    let scan = world.terminal("countersign scan", "82x46+770+10", &["scan"]);
    for said in [
        "one-time activation of Microsoft Authenticator",
        "I want to use a different authenticator app",
        "https://mysignins.microsoft.com/security-info",
        "Third-party software OATH tokens",
        "five",
        "has not spent",
        "looking for the reusable QR",
    ] {
        scan.expect(said);
    }
    let shown = scan.shown();
    assert!(!shown.contains("314159265") && !shown.contains("activatev2"), "the link was printed");
    assert_eq!(world.cli(&["list"]).ok(), "", "nothing is stored");
    world.picture("1-one-time-qr");
    teller.shows(&shown);
    teller.held("it is recognised, explained, and not spent; nothing is stored; the scan goes on looking");

    click_on_page(world, first.button);
    (scan, page)
}

fn the_reusable_qr(teller: &Teller, world: &World, scan: &Terminal<'_>, mut page: Page) -> Page {
    teller.step("2. After a click on that link the page shows the reusable QR; the scan sees it");
    let other = page.site.next_page();
    assert_eq!(other.page, "other");
    let before = scan.shown().len();
    scan.expect("Keep it?");
    let found = scan.shown();
    for said in ["Microsoft", "Example Works+Sons", "alice@exampleworks.onmicrosoft.com"] {
        assert!(found.contains(said), "issuer, tenant and account are shown: `{said}` is missing in:\n{found}");
    }
    scan.type_line("y");
    scan.expect("Did the page accept it?");
    world.picture("2-reusable-qr");
    let shown = scan.shown();
    teller.shows(shown.get(before..).unwrap_or(&shown));
    for said in ["All devices share one secret", "another way → verification code"] {
        assert!(words(&shown).contains(said), "`{said}` is missing in:\n{shown}");
    }
    let line = shown.lines().find(|line| line.contains("Type this on the page")).unwrap();
    assert!(line.contains(" s left"), "the remaining seconds are shown: {line}");
    let code: String = line.chars().take_while(|c| *c != '—').filter(char::is_ascii_digit).collect();
    teller.held("it is kept, and its first code is shown");

    click_on_page(world, other.field);
    world.type_text(&code);
    click_on_page(world, other.button);
    let answer = page.site.next_page();
    world.picture("3-accepted");
    assert_eq!(answer.page, "done", "the page did not accept the code");
    scan.type_line("y");
    scan.expect("Confirmed: Microsoft");
    assert_eq!(scan.exit_code(), 0);
    teller
        .held("typed into the page, the code is accepted there: the enrolment is complete, and the account confirmed");
    page
}

fn the_codes(teller: &Teller, world: &mut World, secret: &str) {
    teller.step("3. Codes come from the command line and, for any shell, from the session bus; by hand, from the tray");
    let accounts = format!("{ROOT}.Accounts1");
    let line = ["--user", "call", BUS_NAME, PATH, &accounts, "Code", "s", "microsoft"];
    let (ours, bus, theirs) = within_one_step(|| {
        let ours = world.cli(&["code", "microsoft"]).ok();
        (ours, world.cmd("busctl").args(line).ok(), world.oathtool(secret, unix_now()))
    });
    teller.says(&format!("$ countersign code microsoft\n{ours}"));
    teller.says(&format!("$ busctl {}\n{bus}", line.join(" ")));
    teller.says(&format!("$ oathtool --totp -b -      # the same key, another program\n{theirs}"));
    assert_eq!(ours, theirs);
    assert_eq!(bus, format!("s \"{theirs}\""));
    teller.held("all three are the same");

    world.start_panel();
    let menu = world.open_tray_menu("Microsoft");
    let step = unix_now() / 30;
    world.click_first_entry(&menu);
    let copied = world.pasted_code();
    let now = [step, step + 1, step + 2].map(|step| world.oathtool(secret, step * 30));
    assert!(now.contains(&copied), "{copied} is no code of now: {now:?}");
    teller.held("a click on the account in the tray's menu copies a code, too");
}

fn the_next_device(teller: &Teller, world: &World, next: &World, secret: &str) {
    teller
        .step("4. `countersign qr microsoft` draws the QR again: the page is closed, the next device needs it no more");
    let png = world.dir().join("pictures/qr.png");
    world.cli_present(&["qr", "microsoft", "--png", png.to_str().unwrap()]).ok();
    let from_file = world.zbarimg(&png);
    assert!(from_file.to_ascii_uppercase().contains(&format!("SECRET={secret}")), "the picture holds another key");

    let terminal = world.terminal("countersign qr", "110x40+300+10", &["qr", "microsoft"]);
    terminal.expect("assphrase");
    terminal.type_line(world.passphrase());
    terminal.expect("█");
    let drawn = harness::until("zbarimg reads the terminal", harness::wait::LIMIT, || {
        let picture = world.picture_of(&terminal.window, "terminal");
        (world.zbarimg_tries(&picture).as_deref() == Some(from_file.as_str())).then_some(picture)
    });
    world.picture("4-qr-in-a-terminal");
    teller.held("zbarimg reads it from the --png file and from a picture of the terminal");

    next.witness().plant_key("the key on the page", secret);
    let _viewer = next.show_picture(&drawn);
    let shown = next.cli(&["scan", "--yes"]).ok();
    next.picture("5-next-device");
    teller.shows(&shown);
    let (there, here, theirs) = within_one_step(|| {
        let there = next.cli(&["code", "microsoft"]).ok();
        (there, world.cli(&["code", "microsoft"]).ok(), world.oathtool(secret, unix_now()))
    });
    assert_eq!((&there, &here), (&theirs, &theirs));
    teller.held("an empty countersign, with another home, bus and screen, has scanned it and shows the same code");

    terminal.type_line("");
    assert_eq!(terminal.exit_code(), 0);
    let picture = world.picture_of(&terminal.window, "terminal-afterwards");
    assert_eq!(world.zbarimg_tries(&picture), None, "the QR is gone from the terminal");
}

/// Tells the story, or keeps silent in the tests.
struct Teller {
    aloud: bool,
}

impl Teller {
    fn says(&self, text: &str) {
        if self.aloud {
            println!("{text}");
        }
    }

    fn step(&self, text: &str) {
        self.says(&format!("\n{text}"));
    }

    fn shows(&self, text: &str) {
        for line in text.lines().map(str::trim_end) {
            self.says(&format!("    | {line}"));
        }
    }

    fn held(&self, text: &str) {
        self.says(&format!("  ✓ {text}"));
    }
}
