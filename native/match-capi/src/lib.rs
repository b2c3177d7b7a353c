//! The C interface of `millrace-match`: `include/millrace_match.h` says what each function does. No panic leaves it: it becomes
//! `MILLRACE_MATCH_ERROR_FAULT`, and the book takes nothing more.

mod layout;

use layout::{CConditions, CEvent, CInstruction, CSettings, Events};
use millrace_match::{Action, Book, Code, Refusal, Side};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::slice;

const DONE: i32 = 0;
const ERROR_NULL: i32 = -1;
const ERROR_CODE: i32 = -2;
const ERROR_FAULT: i32 = -3;

/// `millrace_match_book`.
#[derive(Debug)]
pub struct CBook {
    book: Book,
    events: Events,
    dead: bool,
}

fn result(done: Result<(), Refusal>) -> i32 {
    done.map_or_else(|refusal| refusal.code as i32 + 1, |()| DONE)
}

/// Does `act` on a book that lives; a panic kills it.
fn guarded(book: *mut CBook, act: impl FnOnce(&mut CBook) -> i32) -> i32 {
    // SAFETY: the header asks for null or a book of `create` or `restore` that is not freed and used by one thread at a time.
    let Some(book) = (unsafe { book.as_mut() }) else { return ERROR_NULL };
    if book.dead {
        return ERROR_FAULT;
    }
    book.dead = true;
    let done = catch_unwind(AssertUnwindSafe(|| act(book)));
    match done {
        Ok(done) => {
            book.dead = false;
            done
        }
        Err(_) => ERROR_FAULT,
    }
}

/// What `ask` says of a book, or `otherwise` of none, a dead one, or after a panic.
fn asked<T>(book: *const CBook, otherwise: T, ask: impl FnOnce(&CBook) -> T) -> T {
    // SAFETY: as in `guarded`.
    let Some(book) = (unsafe { book.as_ref() }).filter(|book| !book.dead) else { return otherwise };
    catch_unwind(AssertUnwindSafe(|| ask(book))).unwrap_or(otherwise)
}

fn submit(book: &mut CBook, instruction: &CInstruction) -> i32 {
    let CBook { book, events, .. } = book;
    let Some(action) = instruction.action() else { return ERROR_CODE };
    book.advance(instruction.time, events);
    result(match action {
        Action::New => book.enter(&instruction.terms(), events),
        Action::Amend => book.amend(&instruction.terms(), events),
        Action::Cancel => book.cancel(instruction.order_id, instruction.account, events),
    })
}

fn boxed(book: Book) -> *mut CBook {
    Box::into_raw(Box::new(CBook { book, events: Events::default(), dead: false }))
}

#[unsafe(no_mangle)]
pub extern "C" fn millrace_match_version() -> u32 {
    1
}

/// # Safety
/// `settings` is null or points to settings.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn millrace_match_create(settings: *const CSettings) -> *mut CBook {
    // SAFETY: null or settings, by the contract of this function.
    let settings = unsafe { settings.as_ref() }.and_then(CSettings::settings);
    settings.map_or(std::ptr::null_mut(), |settings| boxed(Book::new(settings)))
}

/// # Safety
/// `book` is null or a book that is not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn millrace_match_free(book: *mut CBook) {
    if !book.is_null() {
        // SAFETY: made by `boxed` and not freed, by the contract of this function.
        drop(unsafe { Box::from_raw(book) });
    }
}

/// # Safety
/// `book` is null or a book that is not freed; `instruction` is null or points to one.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn millrace_match_submit(book: *mut CBook, instruction: *const CInstruction) -> i32 {
    // SAFETY: null or an instruction, by the contract of this function.
    let Some(instruction) = (unsafe { instruction.as_ref() }) else { return ERROR_NULL };
    guarded(book, |book| submit(book, instruction))
}

/// # Safety
/// As `millrace_match_submit`; `instructions` and, unless it is null, `results` have `count` entries.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn millrace_match_submit_all(
    book: *mut CBook,
    instructions: *const CInstruction,
    count: usize,
    results: *mut i32,
) -> i32 {
    if count == 0 {
        return guarded(book, |_| DONE);
    }
    if instructions.is_null() {
        return ERROR_NULL;
    }
    // SAFETY: not null and `count` long, by the contract of this function.
    let instructions = unsafe { slice::from_raw_parts(instructions, count) };
    guarded(book, |book| {
        for (number, instruction) in instructions.iter().enumerate() {
            let done = submit(book, instruction);
            if !results.is_null() {
                // SAFETY: `results` has `count` entries, by the contract of this function.
                unsafe { results.add(number).write(done) };
            }
            if done < 0 {
                return done;
            }
        }
        DONE
    })
}

/// # Safety
/// `book` is null or a book that is not freed; `conditions` is null or points to some.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn millrace_match_set(book: *mut CBook, time: i64, conditions: *const CConditions) -> i32 {
    // SAFETY: null or conditions, by the contract of this function.
    let Some(conditions) = (unsafe { conditions.as_ref() }) else { return ERROR_NULL };
    guarded(book, |CBook { book, events, .. }| {
        book.advance(time, events);
        result(book.set(&conditions.conditions(), events))
    })
}

/// # Safety
/// `book` is null or a book that is not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn millrace_match_reach(book: *mut CBook, time: i64) -> i32 {
    guarded(book, |CBook { book, events, .. }| {
        book.reach(time, events);
        DONE
    })
}

/// # Safety
/// `book` is null or a book that is not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn millrace_match_waiting(book: *const CBook) -> usize {
    asked(book, 0, |book| book.events.0.len())
}

/// # Safety
/// `book` is null or a book that is not freed; `into` has room for `room` events.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn millrace_match_take(book: *mut CBook, into: *mut CEvent, room: usize) -> usize {
    let mut taken = 0;
    if into.is_null() {
        return taken;
    }
    guarded(book, |book| {
        while taken < room
            && let Some(event) = book.events.0.pop_front()
        {
            // SAFETY: `taken` is below `room`, by the contract of this function.
            unsafe { into.add(taken).write(event) };
            taken += 1;
        }
        DONE
    });
    taken
}

/// # Safety
/// `into` is null or has room for `room` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn millrace_match_refusal(result: i32, into: *mut u8, room: usize) -> usize {
    let code = result.checked_sub(1).and_then(|code| u8::try_from(code).ok()).and_then(Code::from_code);
    let word = code.map_or("", Code::word).as_bytes();
    if !into.is_null() && room > 0 {
        let length = word.len().min(room - 1);
        // SAFETY: `length + 1` bytes are within `room`, by the contract of this function.
        let into = unsafe { slice::from_raw_parts_mut(into, length + 1) };
        into[..length].copy_from_slice(&word[..length]);
        into[length] = 0;
    }
    word.len()
}

/// # Safety
/// `book` is null or a book that is not freed; `price` and `size` are null or point to numbers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn millrace_match_best(book: *const CBook, side: u8, price: *mut i64, size: *mut i64) -> i32 {
    let Some(side) = Side::from_code(side) else { return ERROR_CODE };
    if book.is_null() {
        return ERROR_NULL;
    }
    let best = asked(book, Err(ERROR_FAULT), |book| Ok(book.book.best(side)));
    let best = match best {
        Err(error) => return error,
        Ok(None) => return 0,
        Ok(Some(best)) => best,
    };
    for (into, value) in [(price, best.0), (size, best.1)] {
        if !into.is_null() {
            // SAFETY: null or a number, by the contract of this function.
            unsafe { into.write(value) };
        }
    }
    1
}

/// # Safety
/// `book` is null or a book that is not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn millrace_match_orders(book: *const CBook) -> usize {
    asked(book, 0, |book| book.book.len())
}

/// # Safety
/// `book` is null or a book that is not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn millrace_match_checksum(book: *const CBook) -> u64 {
    asked(book, 0, |book| book.book.checksum())
}

/// # Safety
/// `book` is null or a book that is not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn millrace_match_bytes(book: *const CBook) -> usize {
    asked(book, 0, |book| book.book.bytes())
}

/// # Safety
/// `book` is null or a book that is not freed; `into` is null or has room for `room` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn millrace_match_snapshot(book: *const CBook, into: *mut u8, room: usize) -> usize {
    let mut bytes = Vec::new();
    asked(book, (), |book| book.book.snapshot(&mut bytes));
    if !into.is_null() && bytes.len() <= room {
        // SAFETY: it fits into `room`, by the contract of this function.
        unsafe { slice::from_raw_parts_mut(into, bytes.len()) }.copy_from_slice(&bytes);
    }
    bytes.len()
}

/// # Safety
/// `settings` is null or points to settings; `bytes` is null or has `length` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn millrace_match_restore(settings: *const CSettings, bytes: *const u8, length: usize) -> *mut CBook {
    // SAFETY: null or settings, by the contract of this function.
    let settings = unsafe { settings.as_ref() }.and_then(CSettings::settings);
    let Some(settings) = settings.filter(|_| !bytes.is_null()) else { return std::ptr::null_mut() };
    // SAFETY: not null and `length` long, by the contract of this function.
    let bytes = unsafe { slice::from_raw_parts(bytes, length) };
    let book = catch_unwind(|| Book::restore(settings, bytes));
    book.ok().and_then(Result::ok).map_or(std::ptr::null_mut(), boxed)
}
