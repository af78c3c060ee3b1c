use super::writer::Writer;
use super::*;

#[test]
fn a_tensor_is_read() {
    let tensors =
        read_state_dictionary(&Writer::dictionary(10, 2, &[2, 1, 3], &[3, 99, 1])).unwrap();
    let record = TensorRecord {
        storage: "7".to_owned(),
        element_type: ElementType::F32,
        storage_length: 10,
        first: 2,
        shape: vec![2, 1, 3],
    };
    assert_eq!(record.length(), 6);
    assert_eq!(tensors, [("weight".to_owned(), record)]);
}

#[test]
fn dictionaries_of_training_scripts_are_found() {
    let pickle = Writer::new()
        .code(b"}(")
        .text("epoch")
        .integer(3)
        .text("state_dict")
        .code(b"}")
        .text("weight")
        .tensor(1, 0, &[], &[])
        .code(b"su.");
    assert_eq!(read_state_dictionary(&pickle.0).unwrap()[0].0, "weight");
}

#[test]
fn every_prefix_is_refused() {
    let pickle = Writer::dictionary(10, 2, &[2, 3], &[3, 1]);
    for length in 0..pickle.len() {
        assert!(
            read_state_dictionary(&pickle[..length]).is_err(),
            "{length} bytes were accepted"
        );
    }
}

#[test]
fn every_changed_byte_is_read_or_refused() {
    let pickle = Writer::dictionary(10, 2, &[2, 3], &[3, 1]);
    for index in 0..pickle.len() {
        for byte in 0..=255 {
            let mut changed = pickle.clone();
            changed[index] = byte;
            for (_, tensor) in read_state_dictionary(&changed).unwrap_or_default() {
                assert!(tensor.first + tensor.length() <= tensor.storage_length);
            }
        }
    }
}

#[test]
fn other_callables_are_refused_by_name() {
    for (module, name) in [
        ("os", "system"),
        ("builtins", "eval"),
        ("torch", "load"),
        ("torch", "IntStorage"),
        ("torch._utils", "_rebuild_parameter"),
        ("collections", "OrderedDict.fromkeys"),
    ] {
        let pickle = Writer::new()
            .callable(module, name)
            .code(b"(")
            .text("true")
            .code(b"tR.");
        let error = read_state_dictionary(&pickle.0).unwrap_err();
        let expected = PickleError::Callable {
            offset: 2,
            name: format!("{module}.{name}"),
        };
        assert_eq!(error, expected);
    }
    let endless = Writer::new()
        .callable("os", &"x".repeat(100_000))
        .code(b".");
    let message = read_state_dictionary(&endless.0).unwrap_err().to_string();
    assert!(message.len() < 400, "{message}");
}

#[test]
fn other_instructions_are_refused() {
    // INST, OBJ, NEWOBJ, EXT1, PERSID, INT, STRING, DUP, EMPTY_LIST, FRAME, STACK_GLOBAL
    for code in *b"io\x81\x82PIS2]\x95\x93" {
        let pickle = Writer::new().code(&[code, 0, 0, 0, 0, b'\n', b'\n']);
        assert_eq!(
            read_state_dictionary(&pickle.0),
            Err(PickleError::Instruction { offset: 2, code })
        );
    }
}

#[test]
fn calls_with_other_arguments_are_refused() {
    for pickle in [
        Writer::new()
            .callable("collections", "OrderedDict")
            .text("x")
            .code(&[0x85])
            .code(b"R."),
        Writer::new()
            .callable("torch._utils", "_rebuild_tensor_v2")
            .code(b")R."),
        Writer::new().callable("torch", "FloatStorage").code(b")R."),
        Writer::new().text("not callable").code(b")R."),
        Writer::new().text("not persistent").code(b"Q."),
        Writer::new().code(b"}").text("state").code(b"b."),
        Writer::new().code(b"}K\x01s."),
        Writer::new().code(b"}(K\x01u."),
        Writer::new().code(b"K\x01(K\x01K\x02u."),
        Writer::new().code(b"u."),
        Writer::new().code(b"t."),
        Writer::new().code(b"(R."),
        Writer::new().code(b"}(R."),
        Writer::new().code(b"\x87."),
        Writer::new().code(b"}(\x85."),
        Writer::new().code(b"q\0."),
        Writer::new().code(b"h\0."),
        Writer::new().code(b"\x8a\x09123456789."),
        Writer::new().code(b"X\x01\0\0\0\xff."),
        Writer::new().text("no dictionary").code(b"."),
        Writer::new().code(b"."),
    ] {
        let error = read_state_dictionary(&pickle.0).unwrap_err();
        assert!(matches!(error, PickleError::Malformed { .. }), "{error}");
    }
}

#[test]
fn storages_are_named_by_digits() {
    let pickle = Writer::dictionary(10, 2, &[2, 3], &[3, 1]);
    let at = pickle
        .windows(6)
        .position(|window| window == b"X\x01\0\0\x007")
        .unwrap()
        + 5;
    for name in [b'/', b'.', b'a'] {
        let mut changed = pickle.clone();
        changed[at] = name;
        assert!(matches!(
            read_state_dictionary(&changed),
            Err(PickleError::Malformed { .. })
        ));
    }
}

#[test]
fn tensors_must_fit_their_storage() {
    for (length, first, shape) in [
        (5, 0, vec![2, 3]),
        (10, 5, vec![2, 3]),
        (10, -1, vec![2, 3]),
        (10, i64::MAX, vec![2, 3]),
        (10, 0, vec![-2, -3]),
        (i64::MAX, 0, vec![1 << 32, 1 << 32]),
        (i64::MAX, 0, vec![i64::MAX, 2]),
        (i64::MAX, i64::MAX, vec![i64::MAX]),
    ] {
        let pickle = Writer::dictionary(length, first, &shape, &vec![1; shape.len()]);
        let error = read_state_dictionary(&pickle).unwrap_err();
        assert!(matches!(error, PickleError::OutOfStorage { .. }), "{error}");
    }
}

#[test]
fn tensors_must_be_contiguous() {
    for strides in [
        vec![1, 2],
        vec![4, 1],
        vec![0, 0],
        vec![-3, -1],
        vec![3],
        vec![6, 3, 1],
    ] {
        let error =
            read_state_dictionary(&Writer::dictionary(100, 0, &[2, 3], &strides)).unwrap_err();
        assert!(
            matches!(error, PickleError::NotContiguous { .. }),
            "{error}"
        );
    }
}

#[test]
fn names_occur_once() {
    let pickle = Writer::new()
        .code(b"}(")
        .text("weight")
        .tensor(1, 0, &[], &[])
        .text("weight")
        .tensor(1, 0, &[], &[])
        .code(b"u.");
    let name = "weight".to_owned();
    assert_eq!(
        read_state_dictionary(&pickle.0),
        Err(PickleError::Duplicate { name })
    );
}

#[test]
fn a_dictionary_without_tensors_is_refused() {
    assert_eq!(
        read_state_dictionary(b"\x80\x02}."),
        Err(PickleError::Empty)
    );
}

#[test]
fn deep_nesting_needs_no_deep_stack() {
    let mut pickle = Writer::new().code(b"}").text("weight").code(b")").0;
    pickle.resize(pickle.len() + 5_000_000, 0x85);
    pickle.extend_from_slice(b"s.");
    assert_eq!(read_state_dictionary(&pickle), Err(PickleError::Empty));
}

#[test]
fn a_dictionary_may_contain_itself() {
    let pickle = Writer::new().code(b"}q\0").text("model").code(b"h\0s.");
    assert_eq!(read_state_dictionary(&pickle.0), Err(PickleError::Empty));
}
