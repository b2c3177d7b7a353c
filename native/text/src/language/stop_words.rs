/// Frequent words of English that other languages do not write, or seldom.
pub const ENGLISH: &str = "the of and to for with from by at as is are was were be been has have had will would could should may might \
    can not this that these those it its he his she her they their we our you your who what when where why how which after before over under \
    up down out off about into against between than more less new says said say amid ahead but or if all both each few most other some such \
    only own same so too very just near";

/// Frequent words of other languages of the Latin script that English does not write, or seldom.
pub const FOREIGN: &str = "\
    aan adalah af akan al alla als anche ang ao att au auch auf aus aux av avec ay az bei bij bir blev bu ce cette cha che cho \
    como con csak cu các có của da daha dalam dan dans dari das degli dei del della delle dem dengan der des det di dos du een egy \
    ei ein eine einen einer el eller en entre er es est este ett että fra från för für gli har het hij hindi hogy hän ik ikke ile \
    ini inte ist itu için ja jak jako je jeg jest joka jsou kan katika kay không který kuin kun kwa la las le les leur lo los là \
    mai mais med meg mga mit mutta myös már más một na naar nach nas nel nella nem ng người những ni nicht nie niet niin nu não \
    och od og olan olarak oli om ont ook op oraz os ou ovat où pada par para pas pela pelo pero più plus por pro przez på que \
    qui sa ses seu si sich sin sind się sobre som sono sont su sua sunt sur sus są tak tidak til trong uit um uma un una und une \
    uno unos untuk ve ved volt von voor và với wa wird wordt wurde ya yang za zij zijn är çok és été în über được że že și";
