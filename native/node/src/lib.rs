//! The binding: the class `NativeKernel`, with the methods of a kernel, and an end for processes. All `unsafe` is here.

use millrace_kernels::fault::Fault;
use millrace_kernels::host::{Host, Part, RawColumn, RawValues};
use napi::bindgen_prelude::{Array, BigInt, BigUint64Array, Object, Uint8Array};
use napi::{Env, JsValue, sys};
use napi_derive::napi;
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

/// A fault as a JavaScript error: `code` is the fault's.
type Thrown = napi::Error<&'static str>;

fn thrown(fault: Fault) -> Thrown {
    Thrown::new(fault.code, fault.message)
}

thread_local! {
    static PANIC: RefCell<String> = const { RefCell::new(String::new()) };
}
static QUIET: Once = Once::new();

/// Runs a call so that neither a fault nor a panic leaves Rust but as a JavaScript error.
fn guarded<T>(call: impl FnOnce() -> Result<T, Fault>) -> Result<T, Thrown> {
    QUIET.call_once(|| std::panic::set_hook(Box::new(|info| PANIC.set(info.to_string()))));
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(fault)) => Err(thrown(fault)),
        Err(payload) => {
            std::mem::forget(payload); // dropping it could panic again
            Err(Thrown::new("kernel-panic", PANIC.take()))
        }
    }
}

fn index(value: f64) -> Result<usize, Fault> {
    if value >= 0.0 && value <= f64::from(i32::MAX) && value.fract() == 0.0 {
        Ok(value as usize)
    } else {
        Err(Fault::new("argument", format!("{value} is not an index")))
    }
}

fn int64(value: &BigInt) -> Result<i64, Fault> {
    let (number, lossless) = value.get_i64();
    if lossless { Ok(number) } else { Err(Fault::new("argument", "a bigint does not fit int64")) }
}

unsafe extern "C" {
    /// POSIX `_exit`: ends the process without handlers, destructors, and waiting for threads.
    fn _exit(code: i32) -> !;
}

/// Ends the process at once.
#[napi]
pub fn exit_now(code: i32) {
    // SAFETY: takes any number, and does not return.
    unsafe { _exit(code) }
}

/// A kernel, by name. Methods are those of `Kernel` in `graph/contract/kernel.ts` over plain arrays; see `native/README.md`.
#[napi]
pub struct NativeKernel {
    host: Host,
}

#[napi]
impl NativeKernel {
    #[napi(constructor)]
    pub fn new(name: String, config_json: String) -> Result<Self, Thrown> {
        guarded(|| Ok(Self { host: Host::new(&name, &config_json)? }))
    }

    #[napi]
    pub fn dictionary(&mut self, env: &Env, port: f64, column: f64, offsets: Object, bytes: Object) -> Result<(), Thrown> {
        guarded(|| {
            let (RawValues::I32(offsets), RawValues::U8(bytes)) = (required(env, offsets.raw())?, required(env, bytes.raw())?) else {
                return Err(Fault::new("argument", "a dictionary is an Int32Array of offsets and a Uint8Array"));
            };
            self.host.dictionary(index(port)?, index(column)?, offsets, bytes)
        })
    }

    #[napi]
    pub fn push(&mut self, env: &Env, port: f64, rows: f64, buffers: Array, floor_ns: BigInt) -> Result<Option<BigUint64Array>, Thrown> {
        guarded(|| {
            let (port, rows, floor) = (index(port)?, index(rows)?, int64(&floor_ns)?);
            let columns = self.host.columns(port)?;
            let mut raw = Vec::with_capacity(columns);
            for column in 0..columns as u32 {
                raw.push(raw_column(env, &buffers, column)?);
            }
            Ok(self.host.push(port, rows, &raw, floor)?.map(BigUint64Array::new))
        })
    }

    /// Batches of several ports in the order of `runs` (pairs of a part and a number of rows): `parts` has three entries a part, its port, its
    /// rows and its buffers.
    #[napi]
    pub fn push_merged(&mut self, env: &Env, parts: Array, runs: Object, floor_ns: BigInt) -> Result<Option<BigUint64Array>, Thrown> {
        guarded(|| {
            let absent = || Fault::new("argument", "a part of a merged push is not a port, a number of rows and buffers");
            let mut whole = Vec::with_capacity(parts.len() as usize / 3);
            let mut buffers = Vec::with_capacity(whole.capacity());
            for part in 0..parts.len() / 3 {
                buffers.push(parts.get::<Array>(3 * part + 2).ok().flatten().ok_or_else(absent)?);
            }
            for (part, buffers) in (0..).zip(&buffers) {
                let port = index(parts.get::<f64>(3 * part).ok().flatten().ok_or_else(absent)?)?;
                let rows = index(parts.get::<f64>(3 * part + 1).ok().flatten().ok_or_else(absent)?)?;
                let count = self.host.columns(port)? as u32;
                let columns = (0..count).map(|column| raw_column(env, buffers, column)).collect::<Result<_, _>>()?;
                whole.push(Part { port, rows, columns });
            }
            let RawValues::I32(runs) = required(env, runs.raw())? else {
                return Err(Fault::new("argument", "the runs of a merged push are an Int32Array"));
            };
            Ok(self.host.push_merged(&whole, runs, int64(&floor_ns)?)?.map(BigUint64Array::new))
        })
    }

    #[napi]
    pub fn advance(&mut self, watermark_ns: BigInt, clock_ns: BigInt) -> Result<Option<BigUint64Array>, Thrown> {
        guarded(|| Ok(self.host.advance(int64(&watermark_ns)?, int64(&clock_ns)?)?.map(BigUint64Array::new)))
    }

    #[napi]
    pub fn next_timer(&mut self) -> Result<Option<BigInt>, Thrown> {
        guarded(|| Ok(self.host.next_timer()?.map(BigInt::from)))
    }

    #[napi]
    pub fn snapshot(&mut self) -> Result<Vec<Uint8Array>, Thrown> {
        guarded(|| Ok(self.host.snapshot()?.into_iter().map(Uint8Array::new).collect()))
    }

    #[napi]
    pub fn restore(&mut self, chunks: Vec<Uint8Array>) -> Result<(), Thrown> {
        guarded(|| self.host.restore(&chunks.iter().map(|chunk| &**chunk).collect::<Vec<&[u8]>>()))
    }
}

/// Entries `3 column` to `3 column + 2` of the array: values, offsets or null, validity or null.
fn raw_column<'a>(env: &Env, buffers: &'a Array, column: u32) -> Result<RawColumn<'a>, Fault> {
    let values = required(env, element(env, buffers, 3 * column)?)?;
    let offsets = match typed_array(env, element(env, buffers, 3 * column + 1)?)? {
        None => None,
        Some(RawValues::I32(offsets)) => Some(offsets),
        Some(_) => return Err(Fault::new("argument", "offsets are to be an Int32Array")),
    };
    let valid = match typed_array(env, element(env, buffers, 3 * column + 2)?)? {
        None => None,
        Some(RawValues::U8(bits)) => Some(bits),
        Some(_) => return Err(Fault::new("argument", "a validity bitmap is to be a Uint8Array")),
    };
    Ok(RawColumn { values, offsets, valid })
}

fn element(env: &Env, array: &Array, index: u32) -> Result<sys::napi_value, Fault> {
    let mut value = std::ptr::null_mut();
    // SAFETY: `array` is a live JavaScript array of this call; an index behind its end gives undefined.
    let status = unsafe { sys::napi_get_element(env.raw(), array.raw(), index, &mut value) };
    if status == sys::Status::napi_ok { Ok(value) } else { Err(Fault::new("argument", "the buffers cannot be read")) }
}

fn required<'a>(env: &Env, value: sys::napi_value) -> Result<RawValues<'a>, Fault> {
    typed_array(env, value)?.ok_or_else(|| Fault::new("argument", "a typed array is missing"))
}

/// The memory of a typed array; None for null and undefined.
///
/// The slice is valid until control returns to JavaScript: nothing of ours keeps it longer, no JavaScript runs meanwhile, and
/// by contract nobody writes to a pushed batch, also not another thread into a SharedArrayBuffer.
fn typed_array<'a>(env: &Env, value: sys::napi_value) -> Result<Option<RawValues<'a>>, Fault> {
    let (mut kind, mut length, mut data) = (0, 0, std::ptr::null_mut());
    let (buffer, offset) = (std::ptr::null_mut(), std::ptr::null_mut());
    // SAFETY: all out pointers are to live locals or null, which Node-API allows for what is not asked.
    let status = unsafe { sys::napi_get_typedarray_info(env.raw(), value, &mut kind, &mut length, &mut data, buffer, offset) };
    if status != sys::Status::napi_ok {
        let mut of = 0;
        // SAFETY: `value` is a live value of this call.
        let status = unsafe { sys::napi_typeof(env.raw(), value, &mut of) };
        let absent = status == sys::Status::napi_ok && (of == sys::ValueType::napi_null || of == sys::ValueType::napi_undefined);
        return if absent { Ok(None) } else { Err(Fault::new("argument", "expected a typed array")) };
    }
    Ok(Some(match kind {
        sys::TypedarrayType::float64_array => RawValues::F64(slice(data, length)?),
        sys::TypedarrayType::bigint64_array | sys::TypedarrayType::biguint64_array => RawValues::I64(slice(data, length)?),
        sys::TypedarrayType::int32_array => RawValues::I32(slice(data, length)?),
        sys::TypedarrayType::uint8_array => RawValues::U8(slice(data, length)?),
        _ => return Err(Fault::new("argument", "typed arrays of this type do not cross")),
    }))
}

fn slice<'a, T>(data: *mut std::ffi::c_void, length: usize) -> Result<&'a [T], Fault> {
    if length == 0 {
        return Ok(&[]); // Node-API may give a null pointer here
    }
    let data = data.cast::<T>();
    if data.is_null() || !data.is_aligned() {
        return Err(Fault::new("argument", "a typed array is detached or misaligned"));
    }
    // SAFETY: Node-API vouches for `length` elements at `data`, which is aligned; every bit pattern is a value of these types; no
    // one writes to them while the slice lives, see `typed_array`.
    Ok(unsafe { std::slice::from_raw_parts(data, length) })
}
