//! The conditions of a transaction: `TARGET("KEY") OPERATOR "VALUE"`.

use kv_cli::{CliError, ExitStatus, Quoted, parse_int, unquote};
use kv_proto::etcdserverpb::Compare;
use kv_proto::etcdserverpb::compare::{CompareResult, CompareTarget, TargetUnion};

/// Reads a condition.
pub(super) fn parse(line: &str) -> Result<Compare, CliError> {
    let malformed = |detail: &str| {
        CliError::new(ExitStatus::BadInput, format_args!("malformed comparison: {line}{detail}"))
            .with_hint("a condition looks like mod(\"key\") > \"0\", its key and value in quotes")
    };
    let (target, rest) = line.split_once('(').ok_or_else(|| malformed(""))?;
    let parts = Parts::read(rest);
    let (key, Some(value)) = (&parts.key, &parts.value) else {
        let Parts { key, operator, .. } = &parts;
        let key = Quoted(key);
        return Err(malformed(&format!("; got {target}({key}) {operator} \"\"")));
    };
    let number = || {
        let text = String::from_utf8_lossy(value);
        let invalid = format_args!("invalid txn compare request: {line}").to_string();
        parse_int(&text, 10)
            .map_err(|_| CliError::new(ExitStatus::BadInput, invalid).with_hint("the value is not a number"))
    };
    let (target, union) = match target {
        "ver" | "version" => (CompareTarget::Version, TargetUnion::Version(number()?)),
        "c" | "create" => (CompareTarget::Create, TargetUnion::CreateRevision(number()?)),
        "m" | "mod" => (CompareTarget::Mod, TargetUnion::ModRevision(number()?)),
        "val" | "value" => (CompareTarget::Value, TargetUnion::Value(value.clone().into())),
        "lease" => (CompareTarget::Lease, TargetUnion::Lease(number()?)),
        _ => return Err(malformed(&format!(" (unknown target {target})"))),
    };
    let result = match parts.operator.as_str() {
        "=" => CompareResult::Equal,
        "!=" => CompareResult::NotEqual,
        "<" => CompareResult::Less,
        ">" => CompareResult::Greater,
        operator => return Err(malformed(&format!(" (unknown operator {operator})"))),
    };
    Ok(Compare {
        result: result.into(),
        target: target.into(),
        key: key.clone().into(),
        range_end: Vec::new().into(),
        target_union: Some(union),
    })
}

/// What follows the opening parenthesis, as far as it could be read.
#[derive(Debug, Default)]
struct Parts {
    key: Vec<u8>,
    operator: String,
    value: Option<Vec<u8>>,
}

impl Parts {
    /// Reads `"KEY") OPERATOR "VALUE"`. Between parenthesis and operator there must be space, because an operator may
    /// be any word.
    fn read(text: &str) -> Parts {
        let mut parts = Parts::default();
        let Ok(key) = unquote(text.trim_start()) else { return parts };
        parts.key = key.bytes;
        let Some(rest) = key.rest.strip_prefix(')').filter(|rest| rest.starts_with(char::is_whitespace)) else {
            return parts;
        };
        let rest = rest.trim_start();
        let (operator, rest) = rest.split_at(rest.find(char::is_whitespace).unwrap_or(rest.len()));
        operator.clone_into(&mut parts.operator);
        parts.value = unquote(rest.trim_start()).ok().map(|value| value.bytes);
        parts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, result: CompareResult, target: CompareTarget, union: TargetUnion) {
        let expected = Compare {
            result: result.into(),
            target: target.into(),
            key: "k 1".into(),
            range_end: Vec::new().into(),
            target_union: Some(union),
        };
        assert_eq!(parse(line), Ok(expected));
    }

    #[track_caller]
    fn check_refused(line: &str, message: &str) {
        let error = parse(line).unwrap_err();
        assert_eq!((error.status, error.message.as_deref()), (ExitStatus::BadInput, Some(message)));
    }

    #[test]
    fn every_target_and_operator() {
        use CompareResult::{Equal, Greater, Less, NotEqual};
        use CompareTarget::{Create, Lease, Mod, Value, Version};
        check(r#"ver("k 1") = "3""#, Equal, Version, TargetUnion::Version(3));
        check(r#"version("k 1") != "3""#, NotEqual, Version, TargetUnion::Version(3));
        check(r#"c("k 1") < "3""#, Less, Create, TargetUnion::CreateRevision(3));
        check(r#"create("k 1") > "-3""#, Greater, Create, TargetUnion::CreateRevision(-3));
        check(r#"m("k 1")   =   "3" tail"#, Equal, Mod, TargetUnion::ModRevision(3));
        check(r#"mod(`k 1`) = "3""#, Equal, Mod, TargetUnion::ModRevision(3));
        check(r#"val("k\x201") = "a\n""#, Equal, Value, TargetUnion::Value("a\n".into()));
        check(r#"value("k 1") = """#, Equal, Value, TargetUnion::Value("".into()));
        check(r#"lease("k 1") = "255""#, Equal, Lease, TargetUnion::Lease(255));
    }

    #[test]
    fn malformed_conditions_say_what_was_understood() {
        check_refused("foo", "malformed comparison: foo");
        check_refused(r#"mod(key) = "1""#, r#"malformed comparison: mod(key) = "1"; got mod("")  """#);
        check_refused(r#"mod("k") ="1""#, r#"malformed comparison: mod("k") ="1"; got mod("k") ="1" """#);
        check_refused(r#"mod("k") = 1"#, r#"malformed comparison: mod("k") = 1; got mod("k") = """#);
        check_refused(r#"mod("k")= "1""#, r#"malformed comparison: mod("k")= "1"; got mod("k")  """#);
        check_refused(r#"age("k") = "1""#, r#"malformed comparison: age("k") = "1" (unknown target age)"#);
        check_refused(r#"mod("k") = "x""#, r#"invalid txn compare request: mod("k") = "x""#);
        check_refused(r#"mod("k") == "1""#, r#"malformed comparison: mod("k") == "1" (unknown operator ==)"#);
    }
}
