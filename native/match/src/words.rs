/// An enum whose variants are words of the rules.
macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$note:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum $name {
            $($(#[$note])* $variant),+
        }

        impl $name {
            /// Every variant, in the order of their codes.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word of the rules.
            pub const fn word(self) -> &'static str {
                match self {
                    $(Self::$variant => $word),+
                }
            }

            /// The variant of a word.
            pub fn parse(word: &[u8]) -> Option<Self> {
                Self::ALL.iter().copied().find(|variant| variant.word().as_bytes() == word)
            }

            /// The variant of a code: `variant as u8`.
            pub fn from_code(code: u8) -> Option<Self> {
                Self::ALL.get(usize::from(code)).copied()
            }
        }
    };
}

words! {
    /// What an instruction asks for.
    Action { New = "new", Amend = "amend", Cancel = "cancel" }
}

words! {
    /// Side of an order.
    Side { Buy = "buy", Sell = "sell" }
}

words! {
    /// Type of an order.
    Kind { Market = "market", Limit = "limit", Stop = "stop", StopLimit = "stop_limit", TrailingStop = "trailing_stop" }
}

words! {
    /// How long an order lives.
    TimeInForce { Gtc = "gtc", Ioc = "ioc", Fok = "fok", Gtd = "gtd", Day = "day" }
}

words! {
    /// What a taker does that meets an order of its own account.
    SelfTrade { Allow = "none", CancelNewest = "cancel_newest", CancelOldest = "cancel_oldest", CancelBoth = "cancel_both", Decrement = "decrement" }
}

words! {
    /// What an order does that must not take.
    PostOnly { Reject = "reject", Slide = "slide" }
}

words! {
    /// Phase of a symbol.
    Phase { Continuous = "continuous", Auction = "auction", Halt = "halt", Closed = "closed" }
}

words! {
    /// What became of an order.
    Status {
        New = "new", Pending = "pending", Triggered = "triggered", PartiallyFilled = "partially_filled", Filled = "filled",
        Replaced = "replaced", Canceled = "canceled", Expired = "expired",
    }
}

words! {
    /// Why an order changed, where the instruction itself is not the reason.
    Reason {
        Ioc = "ioc", Fok = "fok", NoLiquidity = "no_liquidity", SelfTrade = "self_trade", ReduceOnly = "reduce_only", PostOnly = "post_only",
        Oco = "oco", Amended = "amended", PriceBand = "price_band", Phase = "phase", Day = "day", Gtd = "gtd", Slide = "slide",
    }
}

words! {
    /// Part that an order had in an execution.
    Liquidity { Maker = "maker", Taker = "taker", Auction = "auction" }
}

words! {
    /// Why an instruction is refused.
    Code {
        TsMissing = "ts-missing", SymbolMissing = "symbol-missing", ActionMissing = "action-missing", ActionUnknown = "action-unknown",
        OrderIdMissing = "order-id-missing", AccountMissing = "account-missing", OrderUnknown = "order-unknown", WrongPhase = "wrong-phase",
        SideMissing = "side-missing", SideUnknown = "side-unknown", TypeMissing = "type-missing", TypeUnknown = "type-unknown",
        TimeInForceUnknown = "time-in-force-unknown", SelfTradeUnknown = "self-trade-unknown", PostOnlyUnknown = "post-only-unknown",
        OrderDuplicate = "order-duplicate", SizeMissing = "size-missing", SizeNotPositive = "size-not-positive", SizeTooLarge = "size-too-large",
        SizeOffLot = "size-off-lot", PriceMissing = "price-missing", FieldNotAllowed = "field-not-allowed",
        PriceOutOfRange = "price-out-of-range", PriceOffTick = "price-off-tick", PriceBand = "price-band", StopMissing = "stop-missing",
        StopOutOfRange = "stop-out-of-range", StopOffTick = "stop-off-tick", TrailMissing = "trail-missing",
        TrailNotPositive = "trail-not-positive", TrailOutOfRange = "trail-out-of-range", TrailOffTick = "trail-off-tick",
        ExpireMissing = "expire-missing", Expired = "expired", DisplayNotPositive = "display-not-positive",
        DisplayTooLarge = "display-too-large", DisplayOffLot = "display-off-lot", DisplayTooSmall = "display-too-small",
        OcoUnknown = "oco-unknown", OcoTaken = "oco-taken", ReferenceMissing = "reference-missing", ReduceOnly = "reduce-only",
        PostOnlyWouldTrade = "post-only-would-trade", BookFull = "book-full", AmendNotAllowed = "amend-not-allowed",
        PhaseUnknown = "phase-unknown", IncrementNotPositive = "increment-not-positive", BandEmpty = "band-empty",
    }
}

words! {
    /// The part of an instruction that a refusal is about.
    Field {
        TsEvent = "ts_event", Symbol = "symbol", Action = "action", OrderId = "order_id", Account = "account", Side = "side", Type = "type",
        TimeInForce = "time_in_force", PriceTicks = "price_ticks", SizeLots = "size_lots", StopTicks = "stop_ticks",
        TrailTicks = "trail_ticks", DisplayLots = "display_lots", ExpireAt = "expire_at", SelfTrade = "self_trade", PostOnly = "post_only",
        Hidden = "hidden", AllOrNone = "all_or_none", ReduceOnly = "reduce_only", OcoOrderId = "oco_order_id", Phase = "phase",
        Position = "position", ReferenceTicks = "reference_ticks", LowerTicks = "lower_ticks", UpperTicks = "upper_ticks",
        IncrementTicks = "increment_ticks", IncrementLots = "increment_lots",
    }
}

impl Side {
    pub const fn opposite(self) -> Self {
        match self {
            Self::Buy => Self::Sell,
            Self::Sell => Self::Buy,
        }
    }

    /// Prices of a side in the order in which they are met: the best has the lowest rank.
    #[inline]
    pub(crate) const fn rank(self, price: i64) -> i64 {
        match self {
            Self::Buy => -price,
            Self::Sell => price,
        }
    }
}
