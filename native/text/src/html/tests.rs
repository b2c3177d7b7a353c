use super::{spaced, text};
use std::time::Instant;

fn of(html: &str) -> String {
    let mut out = String::new();
    text(html, &mut out);
    assert!(out.len() <= html.len(), "{html:?} grew to {out:?}");
    out
}

#[test]
fn tags_go_and_blocks_divide_words() {
    assert_eq!(of("<p>Infosys <b>jum</b>ps</p><p>TCS&nbsp;falls</p>"), "Infosys jumps TCS falls");
    assert_eq!(of("a<br>b<br/>c"), "a b c");
    assert_eq!(of("<a href=\"x>y\" title='>'>up</a>"), "up");
    assert_eq!(of("profit < 5% & debt<3 x"), "profit < 5% & debt<3 x");
    assert_eq!(of("a <b"), "a <b");
    assert_eq!(of("<!DOCTYPE html><?xml v?>x<!-- <b> -->y<!-->z<![CDATA[1 < 2]]>"), "xyz1 < 2");
}

#[test]
fn scripts_and_styles_go_with_their_content() {
    assert_eq!(of("a<script type=x>if (1 < 2) alert('</p>')</SCRIPT >b<style>p{}</style>c"), "a b c");
    assert_eq!(of("a<script>never ends"), "a");
    assert_eq!(of("a<script>x</scripted>y</script>b"), "a b");
}

#[test]
fn references_are_decoded_once() {
    assert_eq!(of("AT&amp;T &lt;b&gt; &#38;amp; &amp;lt;"), "AT&T <b> &amp; &lt;");
    assert_eq!(of("&euro;5 &#8364;5 &#x20AC;5 &#128;5 &apos;"), "€5 €5 €5 €5 '");
    assert_eq!(of("AT&T M&M &unknown; &copy 2024 &copyright &;"), "AT&T M&M &unknown; © 2024 &copyright &;");
    assert_eq!(of("&#0;&#xD800;&#x110000;&#99999999999;&#;&#x;"), "\u{fffd}\u{fffd}\u{fffd}\u{fffd}&#;&#x;");
}

#[test]
fn white_space_is_single_and_what_is_invisible_goes() {
    assert_eq!(of(" \t a\r\n\u{a0}\u{2003}b\u{200b}c\u{ad}d\u{feff} \0 "), "a bcd");
    let mut plain = String::new();
    spaced(" a <b>  c ", &mut plain);
    assert_eq!(plain, "a <b> c");
}

/// Bombs of megabytes take well under a second: what were quadratic would take minutes. Time itself is not held to anything.
#[test]
fn bombs_are_harmless() {
    let began = Instant::now();
    for bomb in [
        "<b>",
        "<",
        "</",
        "<a ",
        "<a b=\"",
        "<a b='x\">",
        "<a b=\"'",
        "<!--",
        "<!",
        "<script>",
        "</script",
        "<script></",
        "&",
        "&#",
        "&#x",
        "&amp;",
        "&lt;",
        "&#9999999999",
        "<![CDATA[",
        "<a b=\">",
        "\u{200b}",
        "<p>&nbsp;",
    ] {
        of(&bomb.repeat(2_000_000 / bomb.len()));
        of(&format!("{}>", bomb.repeat(100_000)));
        of(&format!("{}\">'>", bomb.repeat(100_000)));
    }
    assert!(began.elapsed().as_secs() < 120);
}

#[test]
fn any_text_gives_text_that_is_not_longer() {
    const PARTS: [&str; 24] = [
        "<", ">", "&", ";", "#", "x", "\"", "'", "=", "!", "-", "--", "/", "script", "b", "p", " ", "é", "🜁", "\u{a0}", "amp", "lt", "12",
        "</",
    ];
    let mut state = 7_u64;
    for _ in 0..20_000 {
        let mut html = String::new();
        for _ in 0..(state >> 60) * 3 {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            html.push_str(PARTS[(state >> 33) as usize % PARTS.len()]);
        }
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        let out = of(&html);
        assert!(!out.starts_with(' ') && !out.ends_with(' ') && !out.contains("  "), "{html:?}");
    }
}
