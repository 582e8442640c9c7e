use super::*;
use crate::request::{Order, Show};

const TITLE: &str = "title GitHub – octo\nnote It stays for 5 minutes.\n";

/// Draws what the pipe would say, with so many seconds left of 30.
fn drawn(lines: &str, (width, height): (u32, u32), left: u64) -> Canvas {
    let text = format!("show code\n{lines}\n\n");
    let Order::Show(request) = Order::read(text.as_bytes()).unwrap() else { panic!("it is nothing to show") };
    let Show::Code(codes) = &request.show else { panic!("it is no code") };
    draw(&request, codes.now(), View { width, height, scale: 1.0, bare: false }, left)
}

fn usual(code: &str, next: &str) -> String {
    format!("{TITLE}code {code}\nuntil 90 30\nnext {next}")
}

fn same(one: &Canvas, other: &Canvas) -> bool {
    one.changed_rows(Some(other)).is_empty()
}

/// Returns the height of the largest letters: the longest run of rows with ink.
fn tallest(canvas: &Canvas) -> u32 {
    let inked = |y: u32| (0..canvas.width()).any(|x| canvas.pixel(x, y) == INK);
    let (mut longest, mut run) = (0, 0);
    for y in 0..canvas.height() {
        run = if inked(y) { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    longest
}

#[test]
fn the_code_is_as_large_as_the_window_allows() {
    for (size, least) in
        [((1200, 640), 180), ((200, 200), 40), ((300, 900), 80), ((1000, 180), 60), ((3840, 2160), 600)]
    {
        let height = tallest(&drawn(&usual("123 456", "987 654"), size, 20));
        assert!(height >= least, "{height} of {size:?}");
    }
}

#[test]
fn the_next_one_is_there_in_the_last_seconds_only() {
    for size in [(1200, 640), (420, 420), (200, 200), (1000, 180)] {
        let at = |next, left| drawn(&usual("123 456", next), size, left);
        assert!(same(&at("111 222", 6), &at("333 444", 6)), "{size:?}: it is told too early");
        assert!(!same(&at("111 222", 5), &at("333 444", 5)), "{size:?}: it is not told");
        assert!(tallest(&at("111 222", 5)) == tallest(&at("111 222", 6)), "{size:?}: the code has moved");
    }
}

#[test]
fn the_time_changes_below_the_code_only() {
    let at = |left| drawn(&usual("123 456", "987 654"), (1200, 640), left);
    for (one, other) in [(30, 29), (20, 7), (6, 5), (1, 2)] {
        let changed = at(one).changed_rows(Some(&at(other)));
        assert!(!changed.is_empty() && changed.start > 480, "{changed:?}");
    }
}

#[test]
fn the_time_is_told_in_words() {
    assert_eq!([words(18), words(1)], ["18 seconds left", "1 second left"]);
    // Where a bar of 30 s looks as one of a day would.
    let of = |period, left| drawn(&format!("{TITLE}code 1\nuntil 90 {period}"), (1200, 640), left);
    assert!(!same(&of(30, 15), &of(60, 30)), "only the bar tells it");
}

#[test]
fn a_dead_code_is_not_to_be_read() {
    let at = |code, left| drawn(&format!("{TITLE}code {code}\nuntil 90 30"), (700, 420), left);
    assert!(same(&at("123 456", 0), &at("987 654", 0)));
    assert!(!same(&at("123 456", 1), &at("987 654", 1)));
}

#[test]
fn one_that_follows_a_counter_has_no_time() {
    let at = |left| drawn(&format!("{TITLE}code 1234 5678"), (1200, 640), left);
    assert!(same(&at(0), &at(9)));
    assert!(tallest(&at(0)) > 150, "it is drawn as a dead one");
}

#[test]
fn it_is_black_on_white_and_nothing_else() {
    let canvas = drawn(&usual("123 456", "987 654"), (900, 500), 3);
    for at in 0..900 * 500 {
        let pixel = canvas.pixel(at % 900, at / 900);
        let (red, green, blue) = (pixel >> 16, (pixel >> 8) & 0xff, pixel & 0xff);
        assert!(red == green && green == blue, "{pixel:06x}");
    }
    assert_eq!((canvas.pixel(0, 0), canvas.pixel(899, 499)), (PAPER, PAPER));
}

#[test]
fn groups_are_broken_where_that_makes_them_larger() {
    let digits = Digits { cell: 0.65 };
    let lines = |groups, room, free| digits.arranged(groups, room, free).0;
    assert_eq!(lines("123 456", 1000.0, 200.0), ["123 456"]);
    assert_eq!(lines("123 456", 300.0, 900.0), ["123", "456"]);
    assert_eq!(lines("123 456 7890", 800.0, 400.0), ["123 456", "7890"]);
    assert_eq!(lines("123 456 7890", 200.0, 2000.0), ["123", "456", "7890"]);
    assert_eq!(lines("2B7KQ", 10.0, 2000.0), ["2B7KQ"]);
}

#[test]
fn any_code_in_a_window_of_any_size_is_drawn() {
    for size in [(1, 1), (1, 900), (900, 1), (50, 50), (199, 30)] {
        for code in ["1", "123 456", "2B7KQ", "wwww wwww", "1234567890 1234567890 12"] {
            let canvas = drawn(&format!("title {}\ncode {code}\nuntil 90 30\nnext {code}", "x".repeat(500)), size, 4);
            assert_eq!((canvas.width(), canvas.height()), size);
        }
    }
}
