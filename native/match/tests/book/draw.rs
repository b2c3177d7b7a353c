use millrace_match::{Action, Conditions, Given, Instruction, Kind, Phase, PostOnly, SelfTrade, Side, Terms, TimeInForce};

/// xorshift64*: equal seeds give equal instructions everywhere.
pub struct Draw(u64);

/// What a step of a random run asks of a book.
#[derive(Debug, Clone)]
pub enum Step {
    Order(Instruction),
    Set(Conditions),
    Reach(i64),
}

impl Draw {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 11) % bound
    }

    fn one_in(&mut self, bound: u64) -> bool {
        self.below(bound) == 0
    }

    fn number(&mut self, from: i64, to: i64) -> i64 {
        from + self.below((to - from + 1) as u64) as i64
    }

    fn of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len() as u64) as usize]
    }

    fn word<T: Copy>(&mut self, all: &[T]) -> Given<T> {
        if self.one_in(50) { if self.one_in(2) { Given::Null } else { Given::Unknown } } else { Given::Is(self.of(all)) }
    }

    /// Mostly a value of the range, now and then one at the edges of what there is.
    fn odd(&mut self, from: i64, to: i64) -> i64 {
        if self.one_in(60) { self.of(&[0, -1, i64::MIN, i64::MAX, 1 << 53, (1 << 53) + 1, -(1 << 53)]) } else { self.number(from, to) }
    }

    fn maybe(&mut self, one_in: u64, from: i64, to: i64) -> Option<i64> {
        self.one_in(one_in).then(|| self.odd(from, to))
    }

    /// Limit and market orders, amends and cancels, with nothing special to them.
    pub fn plain(&mut self, ids: u64) -> Step {
        let (order_id, account) = (self.below(ids) as i64, self.below(4) as u32);
        let side = self.of(Side::ALL);
        let (price, size) = (self.number(95, 105), self.number(1, 10));
        let (action, mut terms) = match self.below(10) {
            0..=5 => (Action::New, Terms::limit(order_id, account, side, price, size)),
            6 => (Action::New, Terms::market(order_id, account, side, size)),
            7 => (Action::Cancel, Terms::default()),
            _ => (Action::Amend, Terms { price: self.maybe(2, 95, 105), size: self.maybe(2, 1, 10), ..Terms::default() }),
        };
        if action == Action::New && self.one_in(4) {
            terms.time_in_force = self.of(&[TimeInForce::Ioc, TimeInForce::Fok]).into();
        }
        Step::Order(Instruction { action, terms: Terms { order_id, account, ..terms } })
    }

    /// Everything that the rules know, bad values with it.
    pub fn any(&mut self, ids: u64, time: i64) -> Step {
        match self.below(100) {
            0 => {
                let bands = self.one_in(2);
                let conditions = Conditions {
                    phase: if bands {
                        Given::Null
                    } else {
                        self.of(&[Phase::Continuous, Phase::Auction, Phase::Halt, Phase::Closed]).into()
                    },
                    reference: self.maybe(3, 95, 105),
                    lower: if bands { self.maybe(2, 85, 97) } else { None },
                    upper: if bands { self.maybe(2, 103, 115) } else { None },
                    increment_ticks: self.maybe(20, 1, 2),
                    increment_lots: self.maybe(20, 1, 2),
                };
                Step::Set(conditions)
            }
            // a phase in which nothing trades does not last, nor do wide increments
            1 | 2 => Step::Set(Conditions {
                phase: Phase::Continuous.into(),
                increment_ticks: Some(1),
                increment_lots: Some(1),
                ..Conditions::default()
            }),
            3 => Step::Reach(time + self.number(0, 5)),
            _ => Step::Order(self.instruction(ids, time)),
        }
    }

    fn instruction(&mut self, ids: u64, time: i64) -> Instruction {
        let order_id = self.below(ids) as i64;
        let account = if self.one_in(20) { self.below(4) } else { order_id as u64 % 4 } as u32;
        match self.below(10) {
            0 => Instruction { action: Action::Cancel, terms: Terms { order_id, account, ..Terms::default() } },
            1 | 2 => Instruction { action: Action::Amend, terms: self.amend(order_id, account) },
            _ => Instruction { action: Action::New, terms: self.new_order(order_id, account, time, ids) },
        }
    }

    fn amend(&mut self, order_id: i64, account: u32) -> Terms {
        Terms {
            order_id,
            account,
            side: if self.one_in(10) { self.word(Side::ALL) } else { Given::Null },
            price: self.maybe(2, 95, 105),
            size: self.maybe(2, 1, 12),
            stop: self.maybe(8, 95, 105),
            display: self.maybe(8, 1, 4),
            hidden: self.one_in(40),
            ..Terms::default()
        }
    }

    fn new_order(&mut self, order_id: i64, account: u32, time: i64, ids: u64) -> Terms {
        let kind = match self.below(10) {
            0 => Given::Is(Kind::Market),
            1 => Given::Is(Kind::Stop),
            2 => Given::Is(Kind::StopLimit),
            3 => Given::Is(Kind::TrailingStop),
            4 => self.word(Kind::ALL),
            _ => Given::Is(Kind::Limit),
        };
        let of = |kinds: &[Kind]| kinds.iter().any(|one| kind == Given::Is(*one));
        let priced = of(&[Kind::Limit, Kind::StopLimit]);
        let waits = of(&[Kind::Stop, Kind::StopLimit, Kind::TrailingStop]);
        let time_in_force = if self.one_in(3) { self.word(TimeInForce::ALL) } else { Given::Null };
        let gtd = time_in_force == Given::Is(TimeInForce::Gtd);
        Terms {
            order_id,
            account,
            side: self.word(Side::ALL),
            kind,
            time_in_force,
            self_trade: if self.one_in(3) { self.word(SelfTrade::ALL) } else { Given::Null },
            post_only: if self.one_in(12) { self.word(PostOnly::ALL) } else { Given::Null },
            hidden: priced && self.one_in(8),
            all_or_none: self.one_in(8),
            reduce_only: self.one_in(8),
            price: if priced != self.one_in(50) { Some(self.odd(95, 105)) } else { None },
            size: if self.one_in(50) { None } else { Some(self.odd(1, 12)) },
            stop: if (waits && !(of(&[Kind::TrailingStop]) && self.one_in(2))) != self.one_in(50) { Some(self.odd(95, 105)) } else { None },
            trail: if of(&[Kind::TrailingStop]) != self.one_in(50) { Some(self.odd(1, 5)) } else { None },
            display: if priced && self.one_in(6) { Some(self.odd(1, 4)) } else { None },
            expire_at: if gtd != self.one_in(50) { Some(time + self.odd(0, 30).clamp(-5, 30)) } else { None },
            oco: self.one_in(8).then(|| self.below(ids) as i64),
        }
    }
}

/// The seed of a run: `MILLRACE_SEED`, else the given one; printed, so that a failure can be had again.
pub fn seed(default: u64) -> u64 {
    let seed = std::env::var("MILLRACE_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(default);
    println!("MILLRACE_SEED={seed}");
    seed
}
