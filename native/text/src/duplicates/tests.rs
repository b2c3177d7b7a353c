use super::{Found, Limits, Match, Print, Printer, Window};

fn print(text: &str) -> Print {
    Printer::default().print(text)
}

#[test]
fn case_punctuation_and_white_space_do_not_count() {
    let mut printer = Printer::default();
    assert_eq!(printer.normal("  Infosys’s Q2:  net UP 4.5%! "), "infosyss q2 net up 4 5");
    assert_eq!(printer.normal("Nestlé—ÉTÉ 漢字"), "nestlé été 漢字");
    assert_eq!(print("Oil up 2%").exact, print("OIL - up 2 %.").exact);
    assert_ne!(print("Oil up 2%").exact, print("Oil up 3%").exact);
}

#[test]
fn a_sign_is_part_of_its_number_and_a_hyphen_is_none() {
    let mut printer = Printer::default();
    assert_eq!(printer.normal("Nifty -1.2% at open"), "nifty -1 2 at open");
    assert_eq!(printer.normal("Nifty (\u{2212}.5%) +3"), "nifty -0 5 +3");
    assert_eq!(printer.normal("'-5'--6 $-7 +\u{2010}8"), "-5 -6 -7 -8");
    assert_eq!(printer.normal("COVID-19, 10-12 _-3 é+4 - 5 +x -"), "covid 19 10 12 3 é 4 5 x");
    assert_ne!(print("Nifty +1.2% at open").exact, print("Nifty -1.2% at open").exact);
    let long = |sign| print(&format!("Nifty opens {sign}1.2% as banks and carmakers trade on the cues from Asia"));
    assert_eq!(long("+").distance(long("-")), None);
}

#[test]
fn texts_without_words_are_equal_byte_for_byte_only() {
    let texts = ["🚀🚀", "💥", "!!!", "", " "];
    for one in texts {
        for other in texts {
            let mut printer = Printer::default();
            for prints in [[printer.print(one), printer.print(other)], [printer.exact(one), printer.exact(other)]] {
                assert_eq!(prints[0].exact == prints[1].exact, one == other);
                assert_eq!(prints[0].distance(prints[1]), (one == other).then_some(0));
            }
        }
    }
}

#[test]
fn other_numbers_are_other_news() {
    assert_eq!(print("Infosys Q2 net profit up 22% at Rs 12 crore").distance(print("Infosys Q2 net profit up 23% at Rs 12 crore")), None);
    assert!(
        print("Micromax names ex-CEO Sanjay Kapoor as chairman")
            .distance(print("Micromax names ex CEO Sanjay Kapoor chairman"))
            .is_some_and(|d| d < 16)
    );
    assert!(
        print("Micromax names ex-CEO Sanjay Kapoor as chairman")
            .distance(print("Gold steady as dollar firms in Asian trade"))
            .is_some_and(|d| d > 16)
    );
}

/// What `Window` says, by looking at every row that was kept.
struct Plain {
    limits: Limits,
    kept: Vec<(i64, Print)>,
    latest_ns: i64,
}

impl Plain {
    fn take(&mut self, ts_ns: i64, print: Print) -> Found {
        let Limits { window_ns, max_rows, near } = self.limits;
        self.latest_ns = self.latest_ns.max(ts_ns);
        let from = self.kept.len().saturating_sub(max_rows);
        let rows = self.kept[from..].iter().enumerate().filter_map(|(i, (kept_ns, kept))| {
            let distance = if kept.exact == print.exact { 0 } else { kept.distance(print).filter(|d| near > 0 && *d <= near)? };
            // equal rows come before those that only have equal signs
            let inside = (kept_ns - ts_ns).abs() <= window_ns && self.latest_ns - kept_ns <= window_ns;
            inside.then_some((distance, kept.exact != print.exact, i, *kept_ns))
        });
        match rows.min() {
            Some((distance, _, _, ts_ns)) => Found::Repeats(Match { ts_ns, distance }),
            None if self.latest_ns - ts_ns > window_ns => Found::Late,
            None => {
                self.kept.push((ts_ns, print));
                Found::New
            }
        }
    }
}

#[test]
fn bands_find_what_a_scan_finds() {
    let mut state = 11_u64;
    let mut draw = |below: u64| {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 33) % below
    };
    for near in 0..=15 {
        let limits = Limits { window_ns: 100, max_rows: 1 + draw(60) as usize, near };
        let (mut window, mut plain) = (Window::new(limits), Plain { limits, kept: Vec::new(), latest_ns: i64::MIN });
        let bases: Vec<u64> = (0..6).map(|_| draw(1 << 31) << 33 | draw(1 << 31) << 2 | draw(4)).collect();
        for step in 0..3_000_i64 {
            let mut near = bases[draw(6) as usize];
            for _ in 0..draw(18) {
                near ^= 1 << draw(64);
            }
            let print = Print { exact: if draw(3) == 0 { draw(4) } else { near | 8 }, near, numbers: draw(10) / 9 };
            let ts = step + draw(150) as i64;
            assert_eq!(window.take(ts, print), plain.take(ts, print), "near {near}, step {step}");
            if step % 500 == 0 {
                let (latest, rows) = window.state();
                let rows: Vec<_> = rows.copied().collect();
                window = Window::restore(limits, latest, rows);
            }
        }
    }
}
