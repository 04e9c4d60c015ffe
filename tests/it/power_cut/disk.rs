//! What a disk holds while a process writes to it: what is durable, and what a power cut may take away.
//!
//! The model is stricter than ext4. A write is durable once a sync of its file that began after it has ended, or when
//! it returns from a descriptor that syncs by itself. A name (of a new, renamed or removed file) is durable only once its directory is synced. Of
//! what is not durable any part may be lost, down to single sectors; names are lost from the newest backwards, as a
//! journal loses them.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::trace::{Action, Call, Moment, Offset};
use crate::harness::Random;

/// The piece of a write that a disk writes whole.
const SECTOR_BYTES: usize = 512;
/// The piece of a file that is written on its own. Blocks of zeros are left out of image files.
const BLOCK_BYTES: u64 = 4096;
/// Random subsets tried for each moment with several changes that are not durable.
const RANDOM_SUBSETS: usize = 4;

/// At one of so many moments with nothing else to lose, what no sync ever covers is lost.
const OLD_LOST_ONE_IN: u64 = 4;

/// A file, whatever its name is at the moment.
type Inode = usize;

/// Everything one process did to a directory.
#[derive(Debug)]
pub(crate) struct Recording {
    root: PathBuf,
    before: Image,
    changes: Vec<Change>,
}

/// One change, and since when it is durable.
#[derive(Debug)]
struct Change {
    start: Moment,
    end: Moment,
    durable: Moment,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Data {
        inode: Inode,
        offset: u64,
        data: Vec<u8>,
    },
    Length {
        inode: Inode,
        length: u64,
        shrink: bool,
    },
    Hole {
        inode: Inode,
        offset: u64,
        length: u64,
    },
    /// Names now stand for a file, a directory or nothing: one name, or both of a renaming, which is one step.
    Names(Vec<(PathBuf, Option<Entry>)>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Entry {
    File(Inode),
    Directory,
}

/// The contents of a directory at one moment.
#[derive(Debug, Clone, Default)]
pub(crate) struct Image {
    names: BTreeMap<PathBuf, Entry>,
    files: HashMap<Inode, Arc<Vec<u8>>>,
}

/// A power cut: when, and which of the changes that were not durable the disk holds all the same.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Loss {
    /// Changes before this one are all kept: they are durable at this and every later moment.
    settled: usize,
    /// Later changes that are kept, by number, and how many sectors of each.
    kept: Vec<(usize, Option<usize>)>,
}

impl Recording {
    /// Makes sense of the calls of one process under `root`, which held `before`.
    pub(crate) fn new(root: &Path, before: Image, calls: &[Call]) -> Recording {
        let mut recording = Recording { root: root.to_owned(), before, changes: Vec::new() };
        // What the process itself sees.
        let mut latest = recording.before.clone();
        let mut names = recording.before.names.clone();
        let mut lengths: HashMap<Inode, u64> =
            recording.before.files.iter().map(|(inode, data)| (*inode, data.len() as u64)).collect();
        let mut synchronous: HashMap<i32, bool> = HashMap::new();
        let mut positions: HashMap<i32, u64> = HashMap::new();
        for call in calls {
            let file = |path: &Path| match names.get(path) {
                Some(Entry::File(inode)) => Some(*inode),
                _ => None,
            };
            let mut changes: Vec<Kind> = Vec::new();
            let mut durable = Moment::INFINITY;
            match &call.action {
                Action::Open { path, descriptor, create, truncate, synchronous: sync } => {
                    synchronous.insert(*descriptor, *sync);
                    positions.insert(*descriptor, 0);
                    match file(path) {
                        None if *create => {
                            let inode = lengths.len();
                            lengths.insert(inode, 0);
                            changes.push(Kind::Names(vec![(path.clone(), Some(Entry::File(inode)))]));
                        }
                        Some(inode) if *truncate => changes.push(Kind::Length { inode, length: 0, shrink: true }),
                        _ => {}
                    }
                }
                Action::Write { path, descriptor, offset, data, synchronous: sync } => {
                    // A file that has no name any more is nobody's to find.
                    let Some(inode) = file(path) else { continue };
                    let position = positions.entry(*descriptor).or_default();
                    let offset = match offset {
                        Offset::At(offset) => *offset,
                        Offset::Current => *position,
                    };
                    *position = offset + data.len() as u64;
                    if *sync || synchronous.get(descriptor) == Some(&true) {
                        durable = call.end;
                    }
                    // A disk may hold any of the blocks of one write and not the others.
                    let mut at = offset;
                    while at < offset + data.len() as u64 {
                        let end = (at / BLOCK_BYTES + 1) * BLOCK_BYTES;
                        let data = &data[(at - offset) as usize..data.len().min((end - offset) as usize)];
                        changes.push(Kind::Data { inode, offset: at, data: data.to_vec() });
                        at = end;
                    }
                }
                Action::Seek { descriptor, position, .. } => {
                    positions.insert(*descriptor, *position);
                }
                Action::Truncate { path, length } => {
                    if let Some(inode) = file(path) {
                        changes.push(Kind::Length { inode, length: *length, shrink: true });
                    }
                }
                Action::Allocate { path, end } => {
                    if let Some(inode) = file(path) {
                        changes.push(Kind::Length { inode, length: *end, shrink: false });
                    }
                }
                Action::PunchHole { path, offset, length } => {
                    if let Some(inode) = file(path) {
                        changes.push(Kind::Hole { inode, offset: *offset, length: *length });
                    }
                }
                Action::Sync { path } => recording.sync(path, file(path), call),
                Action::Rename { from, to } => {
                    let entry = names.get(from).copied();
                    assert!(entry != Some(Entry::Directory), "renaming a directory is not modelled");
                    changes.push(Kind::Names(vec![(from.clone(), None), (to.clone(), entry)]));
                }
                Action::Remove { path } => changes.push(Kind::Names(vec![(path.clone(), None)])),
                Action::MakeDirectory { path } => {
                    changes.push(Kind::Names(vec![(path.clone(), Some(Entry::Directory))]));
                }
            }
            for kind in changes {
                if latest.holds(&kind) {
                    continue;
                }
                latest.apply(&kind, None);
                if let Kind::Names(pairs) = &kind {
                    for (path, entry) in pairs {
                        match entry {
                            Some(entry) => names.insert(path.clone(), *entry),
                            None => names.remove(path),
                        };
                    }
                }
                recording.changes.push(Change { start: call.start, end: call.end, durable, kind });
            }
        }
        recording
    }

    /// Notes a sync: of a file, whose earlier changes become durable, or of a directory, whose names do.
    fn sync(&mut self, path: &Path, synced: Option<Inode>, call: &Call) {
        for change in &mut self.changes {
            let covered = match &change.kind {
                Kind::Data { inode, .. } | Kind::Length { inode, .. } | Kind::Hole { inode, .. } => {
                    Some(*inode) == synced
                }
                Kind::Names(pairs) => pairs.last().is_some_and(|(name, _)| name.parent() == Some(path)),
            };
            if covered && change.end <= call.start {
                change.durable = change.durable.min(call.end);
            }
        }
    }

    /// Returns every moment at which something becomes durable or was acknowledged, with the ways to lose what is not.
    ///
    /// Just before a sync ends is when most can be lost; what may be lost in between is a part of that.
    pub(crate) fn losses(&self, acknowledged: &[Moment], random: &mut Random) -> Vec<(Moment, Loss)> {
        let mut moments: Vec<Moment> = acknowledged.to_vec();
        moments.extend(
            self.changes.iter().map(|change| change.durable).filter(|moment| moment.is_finite()).map(f64::next_down),
        );
        moments.sort_by(Moment::total_cmp);
        moments.dedup();
        let mut losses = Vec::new();
        let mut before = Moment::NEG_INFINITY;
        for moment in moments {
            losses.extend(self.losses_at(before, moment, random).into_iter().map(|loss| (moment, loss)));
            before = moment;
        }
        losses
    }

    /// Returns what may be lost at `moment`. What no sync ever covers is tried one by one only when it is new, that is,
    /// begun since `before`; later it is lost as a whole or by chance.
    fn losses_at(&self, before: Moment, moment: Moment, random: &mut Random) -> Vec<Loss> {
        let settled = self.changes.iter().position(|change| change.durable > moment).unwrap_or(self.changes.len());
        let begun = (settled..self.changes.len()).filter(|number| self.changes[*number].start <= moment);
        let (durable, open): (Vec<usize>, Vec<usize>) =
            begun.partition(|number| self.changes[*number].durable <= moment);
        let is_old =
            |number: &usize| self.changes[*number].durable.is_infinite() && self.changes[*number].start <= before;
        let (old, new): (Vec<usize>, Vec<usize>) = open.iter().copied().partition(is_old);

        let whole = |number: &usize| (*number, None);
        let mut subsets: Vec<Vec<(usize, Option<usize>)>> = Vec::new();
        if !new.is_empty() || random.one_in(OLD_LOST_ONE_IN) {
            subsets.push(Vec::new());
        }
        for count in 0..=new.len() {
            // Everything up to here, and everything but this.
            subsets.push(old.iter().chain(&new[..count]).map(whole).collect());
            if let Some(lost) = new.get(count) {
                subsets.push(open.iter().filter(|number| *number != lost).map(whole).collect());
            }
        }
        if new.len() > 1 {
            for _ in 0..RANDOM_SUBSETS {
                subsets.push(open.iter().filter(|_| random.one_in(2)).map(whole).collect());
            }
        }
        if let Some(last) = new.last()
            && let Kind::Data { data, .. } = &self.changes[*last].kind
        {
            let sectors = data.len().div_ceil(SECTOR_BYTES);
            for torn in [1, sectors / 2, sectors.saturating_sub(1)] {
                if (1..sectors).contains(&torn) {
                    subsets.push(open.iter().map(|number| (*number, (number == last).then_some(torn))).collect());
                }
            }
        }
        subsets
            .into_iter()
            .map(|subset| {
                let mut kept: Vec<_> = durable.iter().map(whole).chain(self.in_order(&open, subset)).collect();
                kept.sort_unstable();
                Loss { settled, kept }
            })
            .collect()
    }

    /// Takes out of a subset every name that is newer than a lost one.
    fn in_order(&self, open: &[usize], mut subset: Vec<(usize, Option<usize>)>) -> Vec<(usize, Option<usize>)> {
        let is_name = |number: &usize| matches!(self.changes[*number].kind, Kind::Names(_));
        let lost = open.iter().filter(|number| is_name(number)).find(|number| !subset.contains(&(**number, None)));
        if let Some(lost) = lost {
            subset.retain(|(number, _)| number < lost || !is_name(number));
        }
        subset
    }

    /// Returns what the disk held before the recording.
    pub(crate) fn before(&self) -> Image {
        self.before.clone()
    }

    /// Returns what the disk holds after `loss`. `base` is [`before`](Self::before) at first, and is brought forward
    /// here: losses come in the order of their moments, and what is settled stays so.
    pub(crate) fn image(&self, base: &mut (usize, Image), loss: &Loss) -> Image {
        for change in &self.changes[base.0..loss.settled] {
            base.1.apply(&change.kind, None);
        }
        base.0 = base.0.max(loss.settled);
        let mut image = base.1.clone();
        for (number, sectors) in &loss.kept {
            image.apply(&self.changes[*number].kind, *sectors);
        }
        image
    }

    /// Returns how many changes there were, and how many of them never became durable.
    pub(crate) fn counts(&self) -> (usize, usize) {
        (self.changes.len(), self.changes.iter().filter(|change| change.durable.is_infinite()).count())
    }

    /// Returns a few words for each change that `loss` takes away, for a failure's message.
    pub(crate) fn lost(&self, loss: &Loss, moment: Moment) -> Vec<String> {
        let kept = |number: usize| number < loss.settled || loss.kept.iter().any(|(kept, _)| *kept == number);
        let lost = self.changes.iter().enumerate().filter(|(number, change)| change.start <= moment && !kept(*number));
        lost.map(|(number, change)| format!("change {number}: {}", self.describe(&change.kind))).collect()
    }

    fn describe(&self, kind: &Kind) -> String {
        let name = |inode: &Inode| {
            let named = self.changes.iter().rev().find_map(|change| match &change.kind {
                Kind::Names(pairs) => {
                    pairs.iter().find(|(_, entry)| *entry == Some(Entry::File(*inode))).map(|(path, _)| path.clone())
                }
                _ => None,
            });
            let path = named.or_else(|| {
                self.before.names.iter().find(|(_, entry)| **entry == Entry::File(*inode)).map(|(path, _)| path.clone())
            });
            path.map_or_else(
                || "a file".to_owned(),
                |path| path.strip_prefix(&self.root).unwrap_or(&path).display().to_string(),
            )
        };
        match kind {
            Kind::Data { inode, offset, data } => format!("{} bytes at {offset} of {}", data.len(), name(inode)),
            Kind::Length { inode, length, .. } => format!("the length {length} of {}", name(inode)),
            Kind::Hole { inode, offset, length } => format!("a hole of {length} bytes at {offset} of {}", name(inode)),
            Kind::Names(pairs) => {
                let words = pairs.iter().map(|(path, entry)| {
                    let name = path.strip_prefix(&self.root).unwrap_or(path).display();
                    if entry.is_some() { format!("the name {name}") } else { format!("the removal of {name}") }
                });
                words.collect::<Vec<_>>().join(" and ")
            }
        }
    }
}

impl Image {
    /// Reads a directory as it is.
    pub(crate) fn of(root: &Path) -> io::Result<Image> {
        let mut image = Image::default();
        image.names.insert(root.to_owned(), Entry::Directory);
        image.read(root)?;
        Ok(image)
    }

    fn read(&mut self, directory: &Path) -> io::Result<()> {
        for entry in fs::read_dir(directory)? {
            let path = entry?.path();
            if path.is_dir() {
                self.names.insert(path.clone(), Entry::Directory);
                self.read(&path)?;
            } else {
                let inode = self.files.len();
                self.files.insert(inode, Arc::new(fs::read(&path)?));
                self.names.insert(path, Entry::File(inode));
            }
        }
        Ok(())
    }

    /// Tells whether a write changes nothing, whatever else is lost: zeros in a file that has never held anything else.
    fn holds(&self, kind: &Kind) -> bool {
        let Kind::Data { inode, offset, data } = kind else { return false };
        let end = *offset as usize + data.len();
        let untouched = |file: &Arc<Vec<u8>>| file.len() >= end && file.iter().all(|byte| *byte == 0);
        data.iter().all(|byte| *byte == 0) && self.files.get(inode).is_some_and(untouched)
    }

    fn apply(&mut self, kind: &Kind, sectors: Option<usize>) {
        match kind {
            Kind::Data { inode, offset, data } => {
                let data = &data[..sectors.map_or(data.len(), |sectors| data.len().min(sectors * SECTOR_BYTES))];
                let file = Arc::make_mut(self.files.entry(*inode).or_default());
                let (from, to) = (*offset as usize, *offset as usize + data.len());
                file.resize(file.len().max(to), 0);
                file[from..to].copy_from_slice(data);
            }
            Kind::Length { inode, length, shrink } => {
                let file = Arc::make_mut(self.files.entry(*inode).or_default());
                let length = if *shrink { *length as usize } else { file.len().max(*length as usize) };
                file.resize(length, 0);
            }
            Kind::Hole { inode, offset, length } => {
                let file = Arc::make_mut(self.files.entry(*inode).or_default());
                let end = file.len().min((*offset + *length) as usize);
                file[(*offset as usize).min(end)..end].fill(0);
            }
            Kind::Names(pairs) => {
                for (path, entry) in pairs {
                    match entry {
                        Some(entry) => {
                            if let Entry::File(inode) = entry {
                                self.files.entry(*inode).or_default();
                            }
                            self.names.insert(path.clone(), *entry);
                        }
                        None => {
                            self.names.remove(path);
                        }
                    }
                }
            }
        }
    }

    /// Writes the image of `root` as the directory `to`. Returns false when the directory itself was lost.
    ///
    /// LMDB's lock files are shared memory, not data: they are left out, as after any restart of a machine.
    pub(crate) fn write(&self, root: &Path, to: &Path) -> io::Result<bool> {
        if self.names.get(root) != Some(&Entry::Directory) {
            return Ok(false);
        }
        fs::create_dir(to)?;
        for (path, entry) in &self.names {
            let Ok(relative) = path.strip_prefix(root) else { continue };
            // A name in a directory that was lost is lost with it.
            if relative.as_os_str().is_empty() || !to.join(relative).parent().is_some_and(Path::is_dir) {
                continue;
            }
            match entry {
                Entry::Directory => fs::create_dir(to.join(relative))?,
                Entry::File(_) if path.to_string_lossy().ends_with("-lock") => {}
                Entry::File(inode) => write_sparse(&to.join(relative), &self.files[inode])?,
            }
        }
        Ok(true)
    }
}

fn write_sparse(path: &Path, data: &[u8]) -> io::Result<()> {
    let file = fs::File::create(path)?;
    file.set_len(data.len() as u64)?;
    for (number, block) in data.chunks(BLOCK_BYTES as usize).enumerate() {
        if block.iter().any(|byte| *byte != 0) {
            file.write_all_at(block, number as u64 * BLOCK_BYTES)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(start: Moment, end: Moment, action: Action) -> Call {
        Call { start, end, action }
    }

    fn create(start: Moment, path: &str, descriptor: i32, synchronous: bool) -> Call {
        let action = Action::Open { path: path.into(), descriptor, create: true, truncate: false, synchronous };
        call(start, start + 0.1, action)
    }

    fn write(start: Moment, end: Moment, path: &str, descriptor: i32, data: &[u8]) -> Call {
        let data = data.to_vec();
        let action = Action::Write { path: path.into(), descriptor, offset: Offset::At(0), data, synchronous: false };
        call(start, end, action)
    }

    fn sync(start: Moment, end: Moment, path: &str) -> Call {
        call(start, end, Action::Sync { path: path.into() })
    }

    /// Every content that `path` can have after a cut at `moment`; nothing where its name is lost.
    fn contents(recording: &Recording, moment: Moment, path: &str) -> Vec<Option<Vec<u8>>> {
        let losses = recording.losses_at(Moment::NEG_INFINITY, moment, &mut Random::new(1));
        let mut contents: Vec<_> = losses
            .iter()
            .map(|loss| {
                let image = recording.image(&mut (0, recording.before()), loss);
                match image.names.get(Path::new(path)) {
                    Some(Entry::File(inode)) => Some(image.files[inode].to_vec()),
                    _ => None,
                }
            })
            .collect();
        contents.sort();
        contents.dedup();
        contents
    }

    #[test]
    fn a_write_may_be_lost_until_a_sync_that_began_after_it_has_ended() {
        let calls = [
            create(1.0, "/d/a", 3, false),
            sync(2.0, 2.5, "/d"),
            write(3.0, 3.1, "/d/a", 3, b"one"),
            sync(4.0, 4.5, "/d/a"),
            write(4.2, 4.3, "/d/a", 3, b"two"),
        ];
        let recording = Recording::new(Path::new("/d"), Image::default(), &calls);
        let (lost, one, two) = (Some(Vec::new()), Some(b"one".to_vec()), Some(b"two".to_vec()));
        assert_eq!(contents(&recording, 3.5, "/d/a"), [lost.clone(), one.clone()]);
        assert_eq!(contents(&recording, 4.4, "/d/a"), [lost, one.clone(), two.clone()]);
        // The second write began during the sync, which says nothing about it.
        assert_eq!(contents(&recording, 9.0, "/d/a"), [one, two]);
    }

    #[test]
    fn a_name_may_be_lost_until_its_directory_is_synced() {
        let calls = [create(1.0, "/d/a", 3, true), write(2.0, 2.1, "/d/a", 3, b"one"), sync(3.0, 3.5, "/d")];
        let recording = Recording::new(Path::new("/d"), Image::default(), &calls);
        assert_eq!(contents(&recording, 2.5, "/d/a"), [None, Some(b"one".to_vec())]);
        assert_eq!(contents(&recording, 4.0, "/d/a"), [Some(b"one".to_vec())]);
    }

    #[test]
    fn a_write_through_a_synchronous_descriptor_is_durable_when_it_returns_and_may_be_torn_before() {
        let calls =
            [create(1.0, "/d/a", 3, true), sync(2.0, 2.5, "/d"), write(3.0, 4.0, "/d/a", 3, &[7; 2 * SECTOR_BYTES])];
        let recording = Recording::new(Path::new("/d"), Image::default(), &calls);
        let lengths: Vec<usize> =
            contents(&recording, 3.5, "/d/a").iter().map(|data| data.as_ref().map_or(0, Vec::len)).collect();
        assert_eq!(lengths, [0, SECTOR_BYTES, 2 * SECTOR_BYTES]);
        assert_eq!(contents(&recording, 4.0, "/d/a"), [Some(vec![7; 2 * SECTOR_BYTES])]);
    }

    #[test]
    fn names_are_lost_from_the_newest_backwards() {
        let rename = Action::Rename { from: "/d/new".into(), to: "/d/a".into() };
        let calls = [
            create(1.0, "/d/a", 3, false),
            sync(2.0, 2.1, "/d"),
            create(3.0, "/d/new", 4, false),
            call(4.0, 4.1, rename),
        ];
        let recording = Recording::new(Path::new("/d"), Image::default(), &calls);
        for loss in recording.losses_at(Moment::NEG_INFINITY, 5.0, &mut Random::new(1)) {
            let image = recording.image(&mut (0, recording.before()), &loss);
            assert!(image.names.contains_key(Path::new("/d/a")), "{loss:?}");
        }
    }
}
