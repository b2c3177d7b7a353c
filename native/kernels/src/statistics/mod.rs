//! Numbers about series of returns: what `var`, `performance` and `var_backtest` share. No logarithm, exponential or error function of
//! the platform: those of the crate `libm` give the same bits on every machine.

pub mod binomial;
pub mod central;
pub mod chi_square;
pub mod covariance;
pub mod deviance;
pub mod normal;
pub mod ranked;
pub mod returns;
pub mod sliding;
pub mod tail;
