use crate::column::{Column, Values};
use crate::fault::Fault;

/// +1 for rows whose aggressor bought, -1 for sold, 0 where the side is null or another word.
#[derive(Debug, Default)]
pub struct Signs {
    generation: u64,
    by_code: Vec<f64>,
    rows: Vec<f64>,
}

impl Signs {
    pub fn of(&mut self, column: &Column, rows: usize) -> Result<&[f64], Fault> {
        let (codes, dictionary) = column.words()?;
        if self.generation != dictionary.generation() {
            self.generation = dictionary.generation();
            self.by_code.clear();
        }
        for code in self.by_code.len()..dictionary.len() {
            self.by_code.push(match dictionary.get(code as i32)? {
                b"buy" => 1.0,
                b"sell" => -1.0,
                _ => 0.0,
            });
        }
        self.rows.clear();
        for (row, code) in codes.iter().enumerate().take(rows) {
            self.rows.push(match self.by_code.get(*code as usize) {
                Some(sign) if column.is_valid(row) => *sign,
                None if column.is_valid(row) => return Err(missing(column, *code)),
                _ => 0.0,
            });
        }
        Ok(&self.rows)
    }
}

fn missing(column: &Column, code: i32) -> Fault {
    let known = if let Values::Word { dictionary, .. } = column.values { dictionary.len() } else { 0 };
    Fault::new("dictionary-code", format!("code {code} is outside its dictionary of {known} strings"))
}
