//! `clickhouse-host [--parent PID] LIBCHDB ARGUMENTS…`: the ClickHouse engine inside a libchdb.so, as a program of its own.
//! With `--parent` it dies together with that process, also when that one is killed.

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::os::unix::ffi::OsStringExt;
use std::process::ExitCode;

/// `struct local_result_v2` of chdb.h.
#[repr(C)]
struct LocalResult {
    buffer: *const c_char,
    length: usize,
    _vector: *mut c_void,
    _elapsed: f64,
    _rows_read: u64,
    _bytes_read: u64,
    error_message: *const c_char,
}

type Query = unsafe extern "C" fn(c_int, *mut *mut c_char) -> *mut LocalResult;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("clickhouse-host: {message}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), String> {
    let mut arguments: Vec<CString> = Vec::new();
    for argument in std::env::args_os().skip(1) {
        arguments.push(CString::new(argument.into_vec()).map_err(|_| "an argument holds a zero byte".to_string())?);
    }
    if arguments.first().is_some_and(|first| first.as_bytes() == b"--parent") {
        let parent = arguments.get(1).and_then(|text| text.to_str().ok()).and_then(|text| text.parse().ok());
        die_with(parent.ok_or("--parent needs a process id")?)?;
        arguments.drain(..2);
    }
    let Some(library) = arguments.first().cloned() else {
        return Err("usage: clickhouse-host [--parent PID] LIBCHDB ARGUMENTS…".into());
    };
    let query = load(&library)?;
    arguments[0] = c"clickhouse".to_owned();
    let mut pointers: Vec<*mut c_char> = arguments.iter().map(|argument| argument.as_ptr().cast_mut()).collect();
    let count = c_int::try_from(pointers.len()).map_err(|_| "too many arguments".to_string())?;
    pointers.push(std::ptr::null_mut());
    // SAFETY: as `main(argc, argv)`: `count` strings that outlive the call, then a null pointer.
    let result = unsafe { query(count, pointers.as_mut_ptr()) };
    report(result)
}

/// Asks the kernel to kill this process when its parent dies; refuses when the parent is gone already.
fn die_with(parent: libc::pid_t) -> Result<(), String> {
    // SAFETY: PR_SET_PDEATHSIG takes one signal number and touches no memory of ours.
    if unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) } != 0 {
        return Err(format!("prctl: {}", std::io::Error::last_os_error()));
    }
    // SAFETY: getppid has no preconditions.
    if unsafe { libc::getppid() } != parent { Err(format!("process {parent} is not the parent of this one")) } else { Ok(()) }
}

fn load(library: &CStr) -> Result<Query, String> {
    // SAFETY: dlopen runs the initialisers of the library that the caller named; that is the purpose of this program.
    let handle = unsafe { libc::dlopen(library.as_ptr(), libc::RTLD_NOW) };
    if handle.is_null() {
        return Err(format!("cannot load the ClickHouse engine: {}", loader_message()));
    }
    // SAFETY: `handle` is open and stays open for the life of the process.
    let symbol = unsafe { libc::dlsym(handle, c"query_stable_v2".as_ptr()) };
    if symbol.is_null() {
        return Err(format!("{} is not a libchdb: {}", library.to_string_lossy(), loader_message()));
    }
    // SAFETY: chdb.h declares `query_stable_v2` with this signature.
    Ok(unsafe { std::mem::transmute::<*mut c_void, Query>(symbol) })
}

fn loader_message() -> String {
    // SAFETY: dlerror gives null or a string that is valid until the next call of a dl function on this thread.
    let message = unsafe { libc::dlerror() };
    if message.is_null() {
        return "unknown reason".into();
    }
    // SAFETY: not null, see above.
    unsafe { CStr::from_ptr(message) }.to_string_lossy().into_owned()
}

fn report(result: *mut LocalResult) -> Result<(), String> {
    // SAFETY: query_stable_v2 gives null or a result that nobody else frees.
    let Some(result) = (unsafe { result.as_ref() }) else { return Ok(()) };
    if !result.error_message.is_null() {
        // SAFETY: chdb.h: a C string when not null.
        return Err(unsafe { CStr::from_ptr(result.error_message) }.to_string_lossy().into_owned());
    }
    if !result.buffer.is_null() && result.length > 0 {
        // SAFETY: chdb.h: `length` bytes at `buffer`.
        let output = unsafe { std::slice::from_raw_parts(result.buffer.cast::<u8>(), result.length) };
        use std::io::Write;
        std::io::stdout().write_all(output).map_err(|error| format!("cannot write the result: {error}"))?;
    }
    Ok(())
}
