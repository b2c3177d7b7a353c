use super::tokens::normal;
use super::{Alias, Matcher, Matches, bounded, is_everyday, is_short};
use std::ops::Range;

fn matcher(aliases: &[(&str, u32)]) -> Matcher {
    Matcher::new(&aliases.iter().map(|(text, entity)| Alias { text, entity: *entity }).collect::<Vec<_>>())
}

fn found(matcher: &Matcher, text: &str) -> Vec<(Range<usize>, Vec<u32>)> {
    let mut matches = Matches::default();
    matcher.find(text, &mut matches);
    matches.found.iter().map(|one| (one.range.clone(), matches.entities(one).to_vec())).collect()
}

fn names(aliases: &[&str], text: &str) -> Vec<String> {
    let table: Vec<(&str, u32)> = aliases.iter().zip(0..).map(|(alias, i)| (*alias, i)).collect();
    found(&matcher(&table), text).into_iter().map(|(range, _)| text[range].to_string()).collect()
}

#[test]
fn the_leftmost_and_longest_name_counts() {
    assert_eq!(names(&["Tata", "Tata Motors", "Motors India"], "Tata Motors India and Tata"), ["Tata Motors", "Tata"]);
    assert_eq!(names(&["HDFC Bank", "HDFC", "Bank of India"], "HDFC Bank of India"), ["HDFC Bank"]);
    assert_eq!(names(&["Bank of Baroda Ltd", "Bank"], "Bank of India, a Bank"), ["Bank", "Bank"]);
}

#[test]
fn names_are_words() {
    assert_eq!(
        names(&["Infosys"], "Infosys, infosys: INFOSYS. Infosyst xInfosys Infosys1 Infosys_x Infosysé Infosys\u{301}"),
        ["Infosys", "infosys", "INFOSYS"]
    );
    let possessives = "Infosys' gain, Infosys's, Infosys’s, INFOSYS'S 'Infosys' Infosys'd Infosys-led (Infosys)";
    let found = ["Infosys", "Infosys", "Infosys", "INFOSYS", "Infosys", "Infosys", "Infosys"];
    assert_eq!(names(&["Infosys"], possessives), found);
    assert_eq!(
        names(&["Dr. Reddy's", "Larsen & Toubro", "AT&T", "Yahoo!"], "Dr. Reddy’s  Larsen  &\u{a0}Toubro's AT&T Yahoo!"),
        ["Dr. Reddy’s", "Larsen  &\u{a0}Toubro", "AT&T", "Yahoo!"]
    );
    assert_eq!(names(&["Tata", "Neill"], "Tata&Sons O'Neill L’Neill 'Neill'"), ["Neill"]);
}

#[test]
fn the_case_of_common_and_of_short_words_counts() {
    assert!(is_everyday("consumption") && !is_everyday("infosys"));
    assert_eq!(
        names(&["Consumption", "IT", "Infosys"], "consumption of it: Consumption in IT, infosys It"),
        ["Consumption", "IT", "infosys"]
    );
}

#[test]
fn an_alias_of_several_names_them_all() {
    let matcher = matcher(&[("Reliance", 3), ("RELIANCE", 5), ("reliance", 3), ("IT", 1), ("it", 2)]);
    assert_eq!(found(&matcher, "Reliance and IT or it"), [(0..8, vec![3, 5]), (13..15, vec![1]), (19..21, vec![2])]);
    assert_eq!(found(&Matcher::new(&[]), "Reliance"), []);
}

/// What `find` says, by trying every alias at every place.
fn naive(aliases: &[(String, u32)], text: &str) -> Vec<(Range<usize>, Vec<u32>)> {
    let table: Vec<(String, String, u32)> = aliases
        .iter()
        .map(|(alias, entity)| {
            let (mut exact, mut folded) = (String::new(), String::new());
            normal(alias, &mut exact, &mut folded);
            (exact, folded, *entity)
        })
        .collect();
    let places: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
    let (mut out, mut from) = (Vec::new(), 0);
    for start in &places {
        if *start < from || text[*start..].starts_with(char::is_whitespace) {
            continue;
        }
        for end in places.iter().rev().filter(|end| *end > start) {
            let range = *start..*end;
            if text[range.clone()].ends_with(char::is_whitespace) || !bounded(text, &range) {
                continue;
            }
            let (mut exact, mut folded) = (String::new(), String::new());
            normal(&text[range.clone()], &mut exact, &mut folded);
            let mut entities = Vec::new();
            for (spelled, lower, entity) in &table {
                let any_case = !is_short(lower) && !is_everyday(lower);
                let mut letters = spelled.chars();
                let capital = letters.next().map(|c| c.to_uppercase().chain(letters).collect::<String>());
                if *lower == folded && (any_case || *spelled == exact || capital.as_ref() == Some(&exact)) && !entities.contains(entity) {
                    entities.push(*entity);
                }
            }
            if !entities.is_empty() {
                out.push((range, entities));
                from = *end;
                break;
            }
        }
    }
    out
}

#[test]
fn any_table_and_text_give_what_trying_every_alias_gives() {
    const PARTS: [&str; 26] = [
        "Tata", "tata", "TATA", "Motors", "a", "A", "it", "IT", "bank", "Bank", "of", " ", " ", " ", "  ", "'", "’s", "s", "&", ".", "-",
        "é", "É", "\u{301}", "漢", "İ",
    ];
    let mut state = 5_u64;
    let mut draw = |below: usize| {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 33) as usize % below
    };
    let mut text = |most: usize| -> String { (0..1 + draw(most)).map(|_| PARTS[draw(PARTS.len())]).collect() };
    let mut hits = 0;
    for _ in 0..3_000 {
        let aliases: Vec<(String, u32)> = (0..12).map(|i| (text(5), i / 2)).collect();
        let made = Matcher::new(&aliases.iter().map(|(text, entity)| Alias { text, entity: *entity }).collect::<Vec<_>>());
        for _ in 0..6 {
            let headline = text(24);
            let wanted = naive(&aliases, &headline);
            hits += wanted.len();
            assert_eq!(found(&made, &headline), wanted, "{aliases:?} in {headline:?}");
        }
    }
    assert!(hits > 5_000, "{hits}");
}
