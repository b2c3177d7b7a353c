use super::{Judge, Language};

fn judge() -> impl Fn(&str) -> Language {
    let judge = Judge::default();
    move |text| judge.judge(text, &mut String::new())
}

/// Universal Declaration of Human Rights (1948), article 1, its two sentences; the official translations of the UN's OHCHR.
const ARTICLE_1: [(&str, &str, &str); 26] = [
    (
        "German",
        "Alle Menschen sind frei und gleich an Würde und Rechten geboren.",
        "Sie sind mit Vernunft und Gewissen begabt und sollen einander im Geist der Brüderlichkeit begegnen.",
    ),
    (
        "French",
        "Tous les êtres humains naissent libres et égaux en dignité et en droits.",
        "Ils sont doués de raison et de conscience et doivent agir les uns envers les autres dans un esprit de fraternité.",
    ),
    (
        "Spanish",
        "Todos los seres humanos nacen libres e iguales en dignidad y derechos.",
        "Dotados como están de razón y conciencia, deben comportarse fraternalmente los unos con los otros.",
    ),
    (
        "Italian",
        "Tutti gli esseri umani nascono liberi ed eguali in dignità e diritti.",
        "Essi sono dotati di ragione e di coscienza e devono agire gli uni verso gli altri in spirito di fratellanza.",
    ),
    (
        "Portuguese",
        "Todos os seres humanos nascem livres e iguais em dignidade e em direitos.",
        "Dotados de razão e de consciência, devem agir uns para com os outros em espírito de fraternidade.",
    ),
    (
        "Dutch",
        "Alle mensen worden vrij en gelijk in waardigheid en rechten geboren.",
        "Zij zijn begiftigd met verstand en geweten, en behoren zich jegens elkander in een geest van broederschap te gedragen.",
    ),
    (
        "Swedish",
        "Alla människor är födda fria och lika i värde och rättigheter.",
        "De är utrustade med förnuft och samvete och bör handla gentemot varandra i en anda av broderskap.",
    ),
    (
        "Danish",
        "Alle mennesker er født frie og lige i værdighed og rettigheder.",
        "De er udstyret med fornuft og samvittighed, og de bør handle mod hverandre i en broderskabets ånd.",
    ),
    (
        "Norwegian",
        "Alle mennesker er født frie og med samme menneskeverd og menneskerettigheter.",
        "De er utstyrt med fornuft og samvittighet og bør handle mot hverandre i brorskapets ånd.",
    ),
    (
        "Finnish",
        "Kaikki ihmiset syntyvät vapaina ja tasavertaisina arvoltaan ja oikeuksiltaan.",
        "Heille on annettu järki ja omatunto, ja heidän on toimittava toisiaan kohtaan veljeyden hengessä.",
    ),
    (
        "Polish",
        "Wszyscy ludzie rodzą się wolni i równi pod względem swej godności i swych praw.",
        "Są oni obdarzeni rozumem i sumieniem i powinni postępować wobec innych w duchu braterstwa.",
    ),
    (
        "Czech",
        "Všichni lidé rodí se svobodní a sobě rovní co do důstojnosti a práv.",
        "Jsou nadáni rozumem a svědomím a mají spolu jednat v duchu bratrství.",
    ),
    (
        "Hungarian",
        "Minden emberi lény szabadon születik és egyenlő méltósága és joga van.",
        "Az emberek, ésszel és lelkiismerettel bírván, egymással szemben testvéri szellemben kell hogy viseltessenek.",
    ),
    (
        "Romanian",
        "Toate ființele umane se nasc libere și egale în demnitate și în drepturi.",
        "Ele sunt înzestrate cu rațiune și conștiință și trebuie să se comporte unele față de altele în spiritul fraternității.",
    ),
    (
        "Turkish",
        "Bütün insanlar hür, haysiyet ve haklar bakımından eşit doğarlar.",
        "Akıl ve vicdana sahiptirler ve birbirlerine karşı kardeşlik zihniyeti ile hareket etmelidirler.",
    ),
    (
        "Indonesian",
        "Semua orang dilahirkan merdeka dan mempunyai martabat dan hak-hak yang sama.",
        "Mereka dikaruniai akal dan hati nurani dan hendaknya bergaul satu sama lain dalam semangat persaudaraan.",
    ),
    (
        "Vietnamese",
        "Tất cả mọi người sinh ra đều được tự do và bình đẳng về nhân phẩm và quyền lợi.",
        "Mọi con người đều được tạo hoá ban cho lý trí và lương tâm và cần phải đối xử với nhau trong tình bằng hữu.",
    ),
    (
        "Swahili",
        "Watu wote wamezaliwa huru, hadhi na haki zao ni sawa.",
        "Wote wamejaliwa akili na dhamiri, hivyo yapasa watendeane kindugu.",
    ),
    (
        "Filipino",
        "Ang lahat ng tao'y isinilang na malaya at pantay-pantay sa karangalan at mga karapatan.",
        "Sila'y pinagkalooban ng katwiran at budhi at dapat magpalagayan ang isa't isa sa diwa ng pagkakapatiran.",
    ),
    (
        "Russian",
        "Все люди рождаются свободными и равными в своем достоинстве и правах.",
        "Они наделены разумом и совестью и должны поступать в отношении друг друга в духе братства.",
    ),
    (
        "Greek",
        "Όλοι οι άνθρωποι γεννιούνται ελεύθεροι και ίσοι στην αξιοπρέπεια και τα δικαιώματα.",
        "Είναι προικισμένοι με λογική και συνείδηση, και οφείλουν να συμπεριφέρονται μεταξύ τους με πνεύμα αδελφοσύνης.",
    ),
    ("Arabic", "يولد جميع الناس أحراراً متساوين في الكرامة والحقوق", "وقد وهبوا عقلاً وضميراً وعليهم أن يعامل بعضهم بعضاً بروح الإخاء"),
    (
        "Hindi",
        "सभी मनुष्यों को गौरव और अधिकारों के मामले में जन्मजात स्वतन्त्रता और समानता प्राप्त है",
        "उन्हें बुद्धि और अन्तरात्मा की देन प्राप्त है और परस्पर उन्हें भाईचारे के भाव से बर्ताव करना चाहिए",
    ),
    ("Chinese", "人人生而自由，在尊严和权利上一律平等。", "他们赋有理性和良心，并应以兄弟关系的精神相对待。"),
    (
        "Japanese",
        "すべての人間は、生まれながらにして自由であり、かつ、尊厳と権利とについて平等である。",
        "人間は、理性と良心とを授けられており、互いに同胞の精神をもって行動しなければならない。",
    ),
    (
        "Korean",
        "모든 인간은 태어날 때부터 자유로우며 그 존엄과 권리에 있어 동등하다.",
        "인간은 천부적으로 이성과 양심을 부여받았으며 서로 형제애의 정신으로 행동하여야 한다.",
    ),
];

/// The same in English, with articles 2 to 7 in part.
const ENGLISH: [&str; 8] = [
    "All human beings are born free and equal in dignity and rights.",
    "They are endowed with reason and conscience and should act towards one another in a spirit of brotherhood.",
    "Everyone is entitled to all the rights and freedoms set forth in this Declaration.",
    "Everyone has the right to life, liberty and security of person.",
    "No one shall be held in slavery or servitude.",
    "No one shall be subjected to torture or to cruel, inhuman or degrading treatment or punishment.",
    "Everyone has the right to recognition everywhere as a person before the law.",
    "All are equal before the law and are entitled without any discrimination to equal protection of the law.",
];

#[test]
fn the_declaration_of_human_rights_is_told_apart() {
    let judge = judge();
    let sentences = ARTICLE_1.iter().flat_map(|(name, first, second)| [(name, first), (name, second)]);
    let wrong: Vec<_> = sentences.filter(|(_, sentence)| judge(sentence) == Language::English).collect();
    assert!(wrong.is_empty(), "taken for English: {wrong:?}");
    for sentence in ENGLISH {
        assert_eq!(judge(sentence), Language::English, "{sentence}");
    }
}

/// As short as headlines: every run of six words of those sentences. At least 95 in 100 are told.
#[test]
fn six_words_are_mostly_enough() {
    let judge = judge();
    let runs = |sentence: &str| -> Vec<String> {
        let words: Vec<&str> = sentence.split(' ').collect();
        words.windows(6).map(|run| run.join(" ")).collect()
    };
    let others: Vec<String> = ARTICLE_1.iter().flat_map(|(_, first, second)| [runs(first), runs(second)].concat()).collect();
    let told = others.iter().filter(|run| judge(run) == Language::Other).count();
    println!("{told} of {} runs of six words told to be other", others.len());
    assert!(told * 100 >= others.len() * 95, "{told} of {}", others.len());
    let english: Vec<String> = ENGLISH.iter().flat_map(|sentence| runs(sentence)).collect();
    let told = english.iter().filter(|run| judge(run) == Language::English).count();
    println!("{told} of {} runs of six words told to be English", english.len());
    assert!(told * 100 >= english.len() * 95, "{told} of {}", english.len());
}

#[test]
fn too_little_to_judge_by_is_english() {
    let judge = judge();
    for text in [
        "",
        "  ",
        "123 %",
        "Infosys",
        "TCS Q2",
        "BMW",
        "Nifty",
        "Société Générale",
        "Nestlé cuts jobs",
        "阿",
        "Alibaba (阿里巴巴) shares rise",
    ] {
        let wanted = if text == "阿" { Language::Other } else { Language::English };
        assert_eq!(judge(text), wanted, "{text}");
    }
}

/// Headlines are English; those with even ids were not counted for the table.
#[test]
fn headlines_are_english() {
    let data = std::env::var("MILLRACE_DATA").unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data").into());
    let path = format!("{data}/news/headlines.ndjson.gz");
    let Ok(unpacked) = std::process::Command::new("gzip").args(["-dc", &path]).output() else { return };
    let text = String::from_utf8(unpacked.stdout).unwrap();
    if text.is_empty() {
        println!("skipped: {path} is not there");
        return;
    }
    let judge = judge();
    let (mut count, mut told) = (0, 0);
    for line in text.lines() {
        let id: u32 = line.split(['"', ':', ',']).filter_map(|part| part.trim().parse().ok()).next().unwrap();
        let headline = line.split("\"headline\": \"").nth(1).and_then(|rest| rest.split("\", \"entities\"").next()).unwrap();
        if id.is_multiple_of(2) {
            count += 1;
            if judge(headline) == Language::English {
                told += 1;
            } else {
                println!("{headline}");
            }
        }
    }
    println!("{told} of {count} headlines told to be English");
    assert!(told * 1000 >= count * 990, "{told} of {count}");
}
