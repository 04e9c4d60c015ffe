//! etcd's feature gates: which there are, and what each means here. Most of what they turn on or off is settled here, and whoever
//! asks for the opposite is told so.

use std::collections::BTreeMap;
use std::fmt;

use crate::logging::Notice;
use crate::values::parse_bool;

/// How far etcd takes a feature to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Alpha,
    Beta,
}

/// What a gate does here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meaning {
    /// What it says.
    Honoured,
    /// Sets all gates of its stage that are not set themselves.
    WholeStage,
    /// This holds whatever it says, and why.
    Always(bool, &'static str),
}

struct Gate {
    name: &'static str,
    stage: Stage,
    meaning: Meaning,
}

const fn gate(name: &'static str, stage: Stage, meaning: Meaning) -> Gate {
    Gate { name, stage, meaning }
}

const INITIAL_CORRUPT_CHECK: &str = "InitialCorruptCheck";
const COMPACT_HASH_CHECK: &str = "CompactHashCheck";
const LEASE_CHECKPOINT: &str = "LeaseCheckpoint";
const LEASE_CHECKPOINT_PERSIST: &str = "LeaseCheckpointPersist";

/// Those of etcd 3.7.1.
#[rustfmt::skip]
const GATES: [Gate; 11] = [
    gate("AllAlpha", Stage::Alpha, Meaning::WholeStage),
    gate("AllBeta", Stage::Beta, Meaning::WholeStage),
    gate(COMPACT_HASH_CHECK, Stage::Alpha, Meaning::Honoured),
    gate("FastLeaseKeepAlive", Stage::Beta, Meaning::Always(true, "renewing a lease waits for nothing")),
    gate(INITIAL_CORRUPT_CHECK, Stage::Alpha, Meaning::Honoured),
    gate(LEASE_CHECKPOINT, Stage::Alpha, Meaning::Always(true, "the time that long leases have left is recorded from time to time")),
    gate(LEASE_CHECKPOINT_PERSIST, Stage::Alpha, Meaning::Always(true, "the time that long leases have left outlives a restart")),
    gate("PriorityRequest", Stage::Alpha, Meaning::Always(false, "no request overtakes another one")),
    gate("SetMemberLocalAddr", Stage::Alpha, Meaning::Always(false, "connections to other members begin at the address that the system chooses")),
    gate("StopGRPCServiceOnDefrag", Stage::Alpha, Meaning::Always(false, "defragmentation goes on beside requests, so there is no need to stop them")),
    gate("TxnModeWriteWithSharedBuffer", Stage::Beta, Meaning::Always(true, "transactions read in place and copy no buffer")),
];

/// The gates that were set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FeatureGates {
    set: BTreeMap<&'static str, bool>,
}

impl FeatureGates {
    /// Reads `Name=true,Name=false,…` on top of what was read before.
    pub(crate) fn read(&mut self, text: &str) -> Result<(), String> {
        let mut read = BTreeMap::new();
        for pair in text.split(',').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').map_or((pair, None), |(name, value)| (name, Some(value)));
            let name = name.trim();
            let value = value.ok_or_else(|| format!("missing bool value for {name}"))?.trim();
            let value = parse_bool(value).map_err(|_| {
                format!("invalid value of {name}={value}, err: strconv.ParseBool: parsing {value:?}: invalid syntax")
            })?;
            read.insert(name, value);
        }
        for (name, value) in read {
            let gate = GATES.iter().find(|gate| gate.name == name);
            let gate = gate.ok_or_else(|| format!("unrecognized feature gate: {name}"))?;
            self.set.insert(gate.name, value);
        }
        Ok(())
    }

    /// Refuses what contradicts itself.
    pub(crate) fn validate(&self) -> Result<(), String> {
        if self.asked(LEASE_CHECKPOINT_PERSIST) == Some(true) && self.asked(LEASE_CHECKPOINT) != Some(true) {
            return Err(format!(
                "enabling feature gate {LEASE_CHECKPOINT_PERSIST} requires enabling feature gate {LEASE_CHECKPOINT}"
            ));
        }
        Ok(())
    }

    /// Says which gates are set against what holds.
    pub(crate) fn notices(&self) -> Vec<Notice> {
        let against = GATES.iter().filter_map(|gate| match (gate.meaning, self.asked(gate.name)) {
            (Meaning::Always(holds, why), Some(asked)) if asked != holds => {
                Some(Notice::warn(format!("feature gate {}={asked} has no effect: {why}", gate.name)))
            }
            _ => None,
        });
        against.collect()
    }

    /// Whether the store is read before it is served.
    pub(crate) fn initial_corrupt_check(&self) -> bool {
        self.asked(INITIAL_CORRUPT_CHECK) == Some(true)
    }

    /// Whether compactions are hashed.
    pub(crate) fn compact_hash_check(&self) -> bool {
        self.asked(COMPACT_HASH_CHECK) == Some(true)
    }

    /// Returns each gate, its stage and what holds.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&'static str, &'static str, bool)> {
        GATES.iter().map(|gate| {
            let stage = match gate.stage {
                Stage::Alpha => "ALPHA",
                Stage::Beta => "BETA",
            };
            let holds = match gate.meaning {
                Meaning::Always(holds, _) => holds,
                Meaning::Honoured | Meaning::WholeStage => self.asked(gate.name) == Some(true),
            };
            (gate.name, stage, holds)
        })
    }

    /// What was asked for, by the gate's own name or for all of its stage.
    fn asked(&self, name: &str) -> Option<bool> {
        let stage = GATES.iter().find(|gate| gate.name == name)?.stage;
        let whole = |gate: &&Gate| gate.meaning == Meaning::WholeStage && gate.stage == stage;
        let whole = GATES.iter().find(whole).and_then(|gate| self.set.get(gate.name));
        self.set.get(name).or(whole).copied()
    }
}

impl fmt::Display for FeatureGates {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let set: Vec<_> = self.set.iter().map(|(name, value)| format!("{name}={value}")).collect();
        formatter.write_str(&set.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<FeatureGates, String> {
        let mut gates = FeatureGates::default();
        gates.read(text).map(|()| gates)
    }

    fn warned(text: &str) -> Vec<String> {
        read(text).unwrap().notices().into_iter().map(|notice| notice.message).collect()
    }

    #[test]
    fn refusals_have_etcds_texts() {
        for (text, refusal) in [
            ("Foo=true", "unrecognized feature gate: Foo"),
            ("CompactHashCheck", "missing bool value for CompactHashCheck"),
            (
                "CompactHashCheck=x",
                "invalid value of CompactHashCheck=x, err: strconv.ParseBool: parsing \"x\": invalid syntax",
            ),
        ] {
            assert_eq!(read(text).unwrap_err(), refusal);
        }
        let refusal = "enabling feature gate LeaseCheckpointPersist requires enabling feature gate LeaseCheckpoint";
        assert_eq!(read("LeaseCheckpointPersist=true").unwrap().validate().unwrap_err(), refusal);
        assert_eq!(read("AllAlpha=true").unwrap().validate(), Ok(()));
    }

    #[test]
    fn what_is_asked_for_counts_more_than_its_stage() {
        let gates = read(" CompactHashCheck = t,,AllAlpha=false").unwrap();
        assert!(gates.compact_hash_check() && !gates.initial_corrupt_check());
        let gates = read("AllAlpha=true,CompactHashCheck=0").unwrap();
        assert!(!gates.compact_hash_check() && gates.initial_corrupt_check());
        assert!(!read("AllBeta=true").unwrap().compact_hash_check());
        let mut gates = read("CompactHashCheck=true").unwrap();
        gates.read("InitialCorruptCheck=true,CompactHashCheck=false").unwrap();
        assert_eq!(gates.to_string(), "CompactHashCheck=false,InitialCorruptCheck=true");
    }

    #[test]
    fn whoever_asks_for_the_opposite_of_what_holds_is_told() {
        assert!(warned("").is_empty());
        assert!(warned("LeaseCheckpoint=true,FastLeaseKeepAlive=true,StopGRPCServiceOnDefrag=false").is_empty());
        assert_eq!(
            warned("FastLeaseKeepAlive=false"),
            ["feature gate FastLeaseKeepAlive=false has no effect: renewing a lease waits for nothing"]
        );
        assert_eq!(warned("AllAlpha=true").len(), 3);
        assert_eq!(warned("AllBeta=false").len(), 2);
    }
}
