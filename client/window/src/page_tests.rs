use super::*;
use crate::request::Order;

/// A request with a pattern that no drawing gets right by chance.
fn request(side: usize, title: &str, notes: &[&str]) -> Request {
    let notes: Vec<String> = notes.iter().map(|note| format!("note {note}\n")).collect();
    let row = |y| (0..side).map(move |x| if (x * x + 3 * y + x * y) % 5 < 2 { '1' } else { '0' });
    let rows: Vec<String> = (0..side).map(|y| format!("row {}\n", row(y).collect::<String>())).collect();
    let text = format!("show qr\ntitle {title}\n{}{}\n", notes.concat(), rows.concat());
    match Order::read(text.as_bytes()).unwrap() {
        Order::Show(request) => request,
        order @ Order::AskFrame { .. } => panic!("{order:?}"),
    }
}

fn modules(request: &Request) -> &Modules {
    let Show::Qr(modules) = &request.show else { panic!("{request:?}") };
    modules
}

fn drawn(request: &Request, view: View, left: u64) -> Canvas {
    draw(request, modules(request), view, left)
}

fn view(width: u32, height: u32, scale: f32) -> View {
    View { width, height, scale, bare: false }
}

/// Finds the QR by its white card and reads it back; fails where a module is not one colour, or the margin not white.
fn read_back(canvas: &Canvas, side: usize) -> Vec<bool> {
    let (width, height) = (canvas.width(), canvas.height());
    let white = |x: u32, y: u32| canvas.pixel(x, y) == WHITE;
    let middle = width / 2;
    let rows: Vec<u32> = (0..height).filter(|y| (0..width).filter(|x| white(*x, *y)).count() > 20).collect();
    let (top, bottom) = (rows[0], *rows.last().unwrap());
    let columns: Vec<u32> = (0..width).filter(|x| white(*x, top.midpoint(bottom))).collect();
    let (left, right) = (columns[0], *columns.last().unwrap());
    assert!(left < middle && right > middle);
    let modules = (side + 2 * MARGIN) as u32;
    let module = (right - left + 1) / modules;
    assert_eq!(
        (right - left + 1, bottom - top + 1),
        (module * modules, module * modules),
        "it is no square of modules"
    );
    let mut dark = Vec::new();
    for y in 0..modules {
        for x in 0..modules {
            let inside = (MARGIN as u32..modules - MARGIN as u32).contains(&x)
                && (MARGIN as u32..modules - MARGIN as u32).contains(&y);
            let corner = (x < 2 || x >= modules - 2) && (y < 2 || y >= modules - 2);
            let pixel = |dx: u32, dy: u32| canvas.pixel(left + x * module + dx, top + y * module + dy);
            let colour = pixel(module / 2, module / 2);
            if inside {
                for at in 0..module * module {
                    assert_eq!(pixel(at % module, at / module), colour, "module {x},{y} is not of one colour");
                }
                dark.push(colour == BLACK);
            } else if !corner {
                assert_eq!(colour, WHITE, "the margin at {x},{y}");
            }
        }
    }
    dark
}

#[test]
fn the_modules_are_those_of_the_request_at_every_size() {
    let notes = ["Scan it with the other device.", "All devices share one secret."];
    for (side, width, height, scale) in [
        (25, 504, 700, 1.0),
        (41, 504, 700, 1.0),
        (41, 1920, 1080, 1.0),
        (41, 756, 1050, 1.5),
        (57, 1008, 1400, 2.0),
        (57, 700, 500, 1.25),
        (41, 260, 260, 1.0),
        (177, 700, 900, 1.0),
        (25, 640, 240, 1.0),
    ] {
        let request = request(side, "GitHub – octo", &notes);
        let modules = modules(&request);
        let canvas = drawn(&request, view(width, height, scale), 30);
        let wanted: Vec<bool> = (0..side * side).map(|at| modules.is_dark(at % side, at / side)).collect();
        assert!(read_back(&canvas, side) == wanted, "{side} modules on {width}x{height} at {scale}");
    }
}

#[test]
fn the_preferred_size_has_room_for_all_words() {
    let long = "Microsoft (a company of a very long name indeed) – somebody.with.a.long.name@contoso.onmicrosoft.com";
    for (side, title) in [(25, "GitHub – octo"), (57, long), (177, long)] {
        let request = request(side, title, &["One note that takes a line.", &"words and words ".repeat(12)]);
        let (width, height) = preferred(&request);
        let words = Words::of(&request, width as f32, 1.0, Brevity::All);
        let figure = height - words.height().ceil() as u32;
        let modules = (side + 2 * MARGIN) as u32;
        assert!(figure >= 3 * modules && figure.is_multiple_of(modules), "{figure} for {modules}");
        let canvas = drawn(&request, view(width, height, 1.0), 60);
        assert_eq!(read_back(&canvas, side).len(), side * side);
    }
}

#[test]
fn words_give_way_to_the_qr() {
    let request = request(41, "GitHub – octo", &["Scan it with the other device."]);
    let ink = |width, height| {
        let canvas = drawn(&request, view(width, height, 1.0), 60);
        let colours = [INK, FAINT_INK];
        let seen = |colour| (0..width * height).any(|at| canvas.pixel(at % width, at / width) == colour);
        colours.map(seen)
    };
    assert_eq!(ink(504, 700), [true, true]);
    assert_eq!(ink(200, 200), [false, false]);
    // Low and wide: the notes would leave a small QR.
    let wide = drawn(&request, view(1200, 400, 1.0), 60);
    let rows = (0..400).filter(|y| wide.pixel(600, *y) == WHITE || wide.pixel(600, *y) == BLACK).count();
    assert!(rows > 240, "the QR takes {rows} of 400 rows");
}

#[test]
fn only_the_time_changes_from_second_to_second() {
    let request = request(41, "GitHub – octo", &["Scan it with the other device."]);
    let at = |seconds| drawn(&request, view(504, 700, 1.0), seconds);
    let changed = at(41).changed_rows(Some(&at(42)));
    assert!(changed.start > 650 && changed.end == 700, "{changed:?}");
}

#[test]
fn a_window_of_no_size_is_drawn_all_the_same() {
    let request = request(177, "x", &["y"]);
    for (width, height) in [(1, 1), (1, 900), (900, 1), (50, 50)] {
        let canvas = drawn(&request, View { bare: true, ..view(width, height, 3.0) }, 0);
        assert_eq!((canvas.width(), canvas.height()), (width, height));
    }
}

#[test]
fn the_close_button_is_there_only_without_a_frame() {
    let framed = view(504, 700, 2.0);
    assert_eq!(framed.close_button(), None);
    let button = View { bare: true, ..framed }.close_button().unwrap();
    assert!(button.contains(503, 0) && button.contains(420, 80) && !button.contains(400, 10));
}

#[test]
fn a_long_title_is_broken_between_issuer_and_account() {
    let face = Face::semibold(TITLE);
    let lines = |title, most| title_lines_of(&face, title, 300.0, most);
    assert_eq!(lines("GitHub – octo", 2), ["GitHub – octo"]);
    assert_eq!(lines("Microsoft – alice@contoso.example", 2), ["Microsoft", "alice@contoso.example"]);
    assert_eq!(lines("Microsoft – alice@contoso.example", 1).len(), 1);
    let longer = lines("Microsoft – alice@a-very-long-name-indeed.onmicrosoft.com", 2);
    assert!(longer[1].starts_with("alice@a-very") && longer[1].ends_with('…'), "{longer:?}");
}
