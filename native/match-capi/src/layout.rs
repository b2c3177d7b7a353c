use millrace_match::{
    Action, AuctionChange, Conditions, Fill, Given, Kind, LevelChange, OrderChange, Phase, PostOnly, SelfTrade, Settings, Side, Sink,
    Terms, TimeInForce,
};

/// A word that is not given, and no reason.
pub const NONE: u8 = 255;

/// `millrace_match_settings`.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct CSettings {
    pub depth: u32,
    pub auction: u8,
    pub self_trade: u8,
    pub reserved: [u8; 2],
}

/// `millrace_match_instruction`.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct CInstruction {
    pub time: i64,
    pub order_id: i64,
    pub price: i64,
    pub size: i64,
    pub stop: i64,
    pub trail: i64,
    pub display: i64,
    pub expire_at: i64,
    pub oco: i64,
    pub account: u32,
    pub given: u32,
    pub action: u8,
    pub side: u8,
    pub kind: u8,
    pub time_in_force: u8,
    pub self_trade: u8,
    pub post_only: u8,
    pub flags: u8,
    pub reserved: u8,
}

/// `millrace_match_conditions`.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct CConditions {
    pub reference: i64,
    pub lower: i64,
    pub upper: i64,
    pub increment_ticks: i64,
    pub increment_lots: i64,
    pub given: u32,
    pub phase: u8,
    pub reserved: [u8; 3],
}

/// `millrace_match_event`.
#[repr(C)]
#[derive(Debug, Clone, Copy, Default)]
pub struct CEvent {
    pub ts_event: i64,
    pub order_id: i64,
    pub number: i64,
    pub price: i64,
    pub size: i64,
    pub leaves: i64,
    pub filled: i64,
    pub stop: i64,
    pub account: u32,
    pub checksum: u32,
    pub kind: u8,
    pub side: u8,
    pub liquidity: u8,
    pub status: u8,
    pub reason: u8,
    pub has_price: u8,
    pub has_stop: u8,
    pub last: u8,
}

fn word<T>(code: u8, of: fn(u8) -> Option<T>) -> Given<T> {
    if code == NONE { Given::Null } else { of(code).map_or(Given::Unknown, Given::Is) }
}

/// A number whose bit of `given` is set.
fn number(given: u32, bit: u32, value: i64) -> Option<i64> {
    (given & bit != 0).then_some(value)
}

impl CSettings {
    pub fn settings(&self) -> Option<Settings> {
        let self_trade = SelfTrade::from_code(self.self_trade)?;
        Some(Settings { depth: self.depth as usize, auction: self.auction != 0, self_trade })
    }
}

impl CInstruction {
    pub fn action(&self) -> Option<Action> {
        Action::from_code(self.action)
    }

    pub fn terms(&self) -> Terms {
        Terms {
            order_id: self.order_id,
            account: self.account,
            side: word(self.side, Side::from_code),
            kind: word(self.kind, Kind::from_code),
            time_in_force: word(self.time_in_force, TimeInForce::from_code),
            self_trade: word(self.self_trade, SelfTrade::from_code),
            post_only: word(self.post_only, PostOnly::from_code),
            hidden: self.flags & 1 != 0,
            all_or_none: self.flags & 2 != 0,
            reduce_only: self.flags & 4 != 0,
            price: number(self.given, 1, self.price),
            size: number(self.given, 2, self.size),
            stop: number(self.given, 4, self.stop),
            trail: number(self.given, 8, self.trail),
            display: number(self.given, 16, self.display),
            expire_at: number(self.given, 32, self.expire_at),
            oco: number(self.given, 64, self.oco),
        }
    }
}

impl CConditions {
    pub fn conditions(&self) -> Conditions {
        Conditions {
            phase: word(self.phase, Phase::from_code),
            reference: number(self.given, 1, self.reference),
            lower: number(self.given, 2, self.lower),
            upper: number(self.given, 4, self.upper),
            increment_ticks: number(self.given, 8, self.increment_ticks),
            increment_lots: number(self.given, 16, self.increment_lots),
        }
    }
}

/// Events that wait to be taken.
#[derive(Debug, Default)]
pub struct Events(pub std::collections::VecDeque<CEvent>);

impl Sink for Events {
    fn fill(&mut self, fill: &Fill) {
        self.0.push_back(CEvent {
            ts_event: fill.ts_event,
            order_id: fill.order_id,
            number: fill.execution_id,
            price: fill.price,
            size: fill.size,
            leaves: fill.leaves,
            account: fill.account,
            kind: 0,
            side: fill.side as u8,
            liquidity: fill.liquidity as u8,
            reason: NONE,
            has_price: 1,
            ..CEvent::default()
        });
    }

    fn order(&mut self, change: &OrderChange) {
        self.0.push_back(CEvent {
            ts_event: change.ts_event,
            order_id: change.order_id,
            price: change.price.unwrap_or_default(),
            size: change.size,
            leaves: change.leaves,
            filled: change.filled,
            stop: change.stop.unwrap_or_default(),
            account: change.account,
            kind: 1,
            side: change.side as u8,
            status: change.status as u8,
            reason: change.reason.map_or(NONE, |reason| reason as u8),
            has_price: u8::from(change.price.is_some()),
            has_stop: u8::from(change.stop.is_some()),
            ..CEvent::default()
        });
    }

    fn level(&mut self, change: &LevelChange) {
        self.0.push_back(CEvent {
            ts_event: change.ts_event,
            number: change.sequence,
            price: change.price,
            size: change.size,
            leaves: change.orders,
            checksum: change.checksum,
            kind: 2,
            side: change.side as u8,
            reason: NONE,
            has_price: 1,
            last: u8::from(change.last),
            ..CEvent::default()
        });
    }

    fn auction(&mut self, change: &AuctionChange) {
        self.0.push_back(CEvent {
            ts_event: change.ts_event,
            price: change.price.unwrap_or_default(),
            size: change.size,
            leaves: change.surplus.unwrap_or_default(),
            kind: 3,
            reason: NONE,
            has_price: u8::from(change.price.is_some()),
            last: u8::from(change.done),
            ..CEvent::default()
        });
    }
}
