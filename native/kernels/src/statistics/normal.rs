//! The standard normal distribution.

/// 1 / sqrt(2 pi).
const DENSITY_AT_0: f64 = 0.398_942_280_401_432_7;

/// The density at `x`.
pub fn density(x: f64) -> f64 {
    DENSITY_AT_0 * libm::exp(-0.5 * x * x)
}

/// The quantile of a probability in `(0, 1)`, to about 1e-16 relative.
/// Source: M. J. Wichura (1988), *Algorithm AS 241: The Percentage Points of the Normal Distribution*, Applied Statistics 37, PPND16.
pub fn quantile(probability: f64) -> f64 {
    let q = probability - 0.5;
    if q.abs() <= 0.425 {
        let r = 0.180625 - q * q;
        return q * ratio(r, &CENTER);
    }
    let near = if q < 0.0 { probability } else { 1.0 - probability };
    let r = (-libm::log(near)).sqrt();
    let size = if r <= 5.0 { ratio(r - 1.6, &TAIL) } else { ratio(r - 5.0, &FAR_TAIL) };
    if q < 0.0 { -size } else { size }
}

/// Numerator and denominator, from the highest power down.
type Rational = [[f64; 8]; 2];

fn ratio(x: f64, [over, under]: &Rational) -> f64 {
    let polynomial = |terms: &[f64; 8]| terms.iter().fold(0.0, |sum, term| sum * x + term);
    polynomial(over) / polynomial(under)
}

const CENTER: Rational = [
    [
        2.509_080_928_730_122_7e3,
        3.343_057_558_358_813e4,
        6.726_577_092_700_87e4,
        4.592_195_393_154_987e4,
        1.373_169_376_550_946e4,
        1.971_590_950_306_551_3e3,
        1.331_416_678_917_843_8e2,
        3.387_132_872_796_366_5,
    ],
    [
        5.226_495_278_852_854e3,
        2.872_908_573_572_194_3e4,
        3.930_789_580_009_271e4,
        2.121_379_430_158_659_7e4,
        5.394_196_021_424_751e3,
        6.871_870_074_920_579e2,
        4.231_333_070_160_091e1,
        1.0,
    ],
];

const TAIL: Rational = [
    [
        7.745_450_142_783_414e-4,
        2.272_384_498_926_918_4e-2,
        2.417_807_251_774_506e-1,
        1.270_458_252_452_368_4,
        3.647_848_324_763_204_5,
        5.769_497_221_460_691,
        4.630_337_846_156_546,
        1.423_437_110_749_683_5,
    ],
    [
        1.050_750_071_644_416_9e-9,
        5.475_938_084_995_345e-4,
        1.519_866_656_361_645_7e-2,
        1.481_039_764_274_800_8e-1,
        6.897_673_349_851e-1,
        1.676_384_830_183_803_8,
        2.053_191_626_637_759,
        1.0,
    ],
];

const FAR_TAIL: Rational = [
    [
        2.010_334_399_292_288_1e-7,
        2.711_555_568_743_487_6e-5,
        1.242_660_947_388_078_4e-3,
        2.653_218_952_657_612_4e-2,
        2.965_605_718_285_048_7e-1,
        1.784_826_539_917_291_3,
        5.463_784_911_164_114,
        6.657_904_643_501_103,
    ],
    [
        2.044_263_103_389_939_8e-15,
        1.421_511_758_316_446e-7,
        1.846_318_317_510_054_8e-5,
        7.868_691_311_456_133e-4,
        1.487_536_129_085_061_5e-2,
        1.369_298_809_227_358e-1,
        5.998_322_065_558_88e-1,
        1.0,
    ],
];

#[cfg(test)]
mod tests {
    use super::*;

    /// mpmath 1.4.1 at 40 digits: `sqrt(2) * erfinv(2 * p - 1)`.
    const QUANTILES: [(f64, f64); 19] = [
        (0.5, 0.0),
        (0.4, -0.2533471031357997),
        (0.2, -0.8416212335729142),
        (0.1, -1.2815515655446004),
        (0.075, -1.439531470938456),
        (0.05, -1.6448536269514726),
        (0.025, -1.9599639845400543),
        (0.01, -2.326347874040841),
        (0.001, -3.0902323061678136),
        (0.0001, -3.7190164854556804),
        (0.000001, -4.753424308822899),
        (0.000000001, -5.9978070150076865),
        (1e-12, -7.034483825301132),
        (1e-16, -8.222082216130435),
        (1e-100, -21.273453560965326),
        (0.6, 0.2533471031357997),
        (0.95, 1.6448536269514722),
        (0.99, 2.3263478740408408),
        (0.999, 3.090232306167813),
    ];

    #[test]
    fn quantiles_to_four_units_in_the_last_place() {
        for (probability, expected) in QUANTILES {
            let got = quantile(probability);
            assert!((got - expected).abs() <= 4.0 * f64::EPSILON * expected.abs(), "{probability}: {got}, not {expected}");
        }
    }
}
