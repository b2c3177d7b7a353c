//! The host refuses what does not fit, and what failed stays dead.

#![allow(clippy::unwrap_used, reason = "a helper of tests")]

use millrace_kernels::host::{Host, Part, RawColumn, RawValues};
use std::panic::{AssertUnwindSafe, catch_unwind};

fn crash(how: &str) -> Host {
    let config = format!(
        r#"{{"params":{{"at_row":3,"how":"{how}"}},
            "inputs":[{{"name":"in","columns":[{{"name":"price","type":"f64"}},{{"name":"note","type":"bytes"}},{{"name":"final","type":"bool"}}]}}],
            "outputs":[{{"name":"out","columns":[{{"name":"price","type":"f64"}}]}}]}}"#
    );
    Host::new("crash", &config).unwrap()
}

const PRICES: [f64; 2] = [1.0, 2.0];
const OFFSETS: [i32; 3] = [0, 1, 3];

fn columns<'a>(offsets: &'a [i32], data: &'a [u8], valid: Option<&'a [u8]>) -> [RawColumn<'a>; 3] {
    [
        RawColumn { values: RawValues::F64(&PRICES), offsets: None, valid },
        RawColumn { values: RawValues::U8(data), offsets: Some(offsets), valid: None },
        RawColumn { values: RawValues::U8(&[1]), offsets: None, valid: None },
    ]
}

fn push(host: &mut Host) -> Result<Option<Vec<u64>>, String> {
    host.push(0, 2, &columns(&OFFSETS, b"abb", None), 0).map_err(|fault| fault.code.to_string())
}

#[test]
fn a_kernel_is_dead_after_a_fault_a_panic_or_a_half_written_block() {
    for how in ["fault", "panic", "half"] {
        let mut host = crash(how);
        assert_eq!(push(&mut host), Ok(None));
        let state = host.snapshot().unwrap();
        match how {
            "panic" => assert!(catch_unwind(AssertUnwindSafe(|| push(&mut host))).is_err()),
            "half" => assert_eq!(push(&mut host), Err("output-columns".into())),
            _ => assert_eq!(push(&mut host), Err("crash".into())),
        }
        assert_eq!(push(&mut host), Err("kernel-dead".into()), "{how}");
        for code in [host.advance(0, 0).unwrap_err().code, host.snapshot().unwrap_err().code, host.next_timer().unwrap_err().code] {
            assert_eq!(code, "kernel-dead");
        }
        let mut again = crash("fault");
        again.restore(&state.iter().map(Vec::as_slice).collect::<Vec<_>>()).unwrap();
        assert_eq!(push(&mut again), Err("crash".into()), "the restored kernel has counted the first rows");
    }
}

#[test]
fn arrays_that_do_not_fit_are_faults() {
    let short = |columns: &[RawColumn]| crash("fault").push(0, 2, columns, 0).unwrap_err().code;
    assert_eq!(short(&columns(&[0, 1], b"abb", None)), "column-shape");
    assert_eq!(short(&columns(&[0, 1, 4], b"abb", None)), "column-shape");
    assert_eq!(short(&columns(&[0, 2, 1], b"abb", None)), "column-shape");
    assert_eq!(short(&columns(&[-1, 0, 1], b"abb", None)), "column-shape");
    assert_eq!(short(&columns(&OFFSETS, b"abb", Some(&[]))), "column-shape");
    assert_eq!(short(&columns(&OFFSETS, b"abb", None)[..2]), "column-count");
    let mut typed = columns(&OFFSETS, b"abb", None);
    typed[0].values = RawValues::I64(&[1, 2]);
    assert_eq!(short(&typed), "column-shape");
    assert_eq!(crash("fault").push(0, 3, &columns(&OFFSETS, b"abb", None), 0).unwrap_err().code, "column-shape");
    assert_eq!(crash("fault").push(1, 2, &columns(&OFFSETS, b"abb", None), 0).unwrap_err().code, "port-unknown");
    assert_eq!(crash("fault").dictionary(0, 9, &[0], b"").unwrap_err().code, "column-unknown");
}

#[test]
fn a_configuration_that_does_not_fit_is_a_fault() {
    assert_eq!(Host::new("nobody", r#"{"params":{},"inputs":[],"outputs":[]}"#).err().map(|fault| fault.code), Some("kernel-unknown"));
    for config in
        ["", "{}", r#"{"params":{},"inputs":[],"outputs":[]}"#, r#"{"params":{"at_row":-1,"how":"panic"},"inputs":[],"outputs":[]}"#]
    {
        assert_eq!(Host::new("crash", config).err().map(|fault| fault.code), Some("kernel-config"), "{config}");
    }
}

#[test]
fn runs_of_a_merged_push_are_those_of_its_parts() {
    let part = |columns| Part { port: 0, rows: 2, columns };
    let raw = || columns(&OFFSETS, b"abb", None).to_vec();
    for runs in [&[0, 1][..], &[0, 3], &[1, 2], &[0, -1], &[-1, 2], &[0, 2, 0], &[0, 2, 0, 1]] {
        let mut host = crash("fault");
        let told = host.push_merged(&[part(raw())], runs, 0).map_err(|fault| fault.code);
        assert_eq!(told.unwrap_err(), "runs", "{runs:?}");
    }
    assert_eq!(crash("fault").push_merged(&[part(raw())], &[0, 1, 0, 1], 0).map_err(|fault| fault.code), Ok(None));
}
