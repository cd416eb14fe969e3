//! Which steps are possible, and what each does.

use super::{
    Because, KafkaReplication, KafkaState, KafkaStep, Leadership, Record, Replica, Replicas,
    Truncation,
};

impl KafkaReplication {
    /// The steps that are enabled in a state, each as often as TLC generates it.
    pub fn enabled(&self, state: &KafkaState) -> Vec<KafkaStep> {
        let mut steps = Vec::new();
        self.add_controller(state, &mut steps);
        for leader in 0..self.replicas {
            if state.presumes_leadership(leader) {
                self.add_leader(state, leader, &mut steps);
            }
        }
        for replica in 0..self.replicas {
            self.add_become(state, replica, &mut steps);
        }
        steps
    }

    fn add_controller(&self, state: &KafkaState, steps: &mut Vec<KafkaStep>) {
        if state.next_epoch > self.max_leader_epoch {
            return;
        }
        let Leadership { leader, isr, .. } = state.quorum;
        let others = isr.iter().filter(|replica| leader != Some(*replica));
        steps.extend(others.map(KafkaStep::Elect));
        let mut leaving = isr;
        if let Some(leader) = leader {
            leaving = leaving.with(leader);
        }
        steps.extend(leaving.iter().map(KafkaStep::ControllerShrink));
    }

    /// What a replica may do that believes that it leads.
    fn add_leader(&self, state: &KafkaState, leader: u8, steps: &mut Vec<KafkaStep>) {
        let Replica { log, hw, believes } = state.replica(leader);
        if state.next_record < self.max_records && log.len() < self.log_size {
            steps.push(KafkaStep::Write(leader));
        }
        let below = *hw < self.log_size;
        if below && believes.isr.iter().all(|member| self.has_next(state, leader, member)) {
            steps.push(KafkaStep::Commit(leader));
        }
        if believes.epoch == state.quorum.epoch && state.quorum.leader == Some(leader) {
            self.add_isr(state, leader, steps);
        }
        for follower in 0..self.replicas {
            if self.may_fetch(state, leader, follower) {
                steps.push(KafkaStep::Fetch(leader, follower));
            }
            if self.rule == Truncation::Kip320FirstTry && must_truncate(state, leader, follower) {
                steps.push(KafkaStep::Truncate(leader, follower));
            }
        }
    }

    /// The changes of the in-sync replicas that the true leader may make.
    fn add_isr(&self, state: &KafkaState, leader: u8, steps: &mut Vec<KafkaStep>) {
        let Replica { log, hw, believes } = state.replica(leader);
        for follower in believes.isr.without(leader).iter() {
            let reasons: &[(bool, Because)] = &match self.rule {
                Truncation::Kip320 => [
                    (!is_in_epoch(state, leader, follower), Because::Fenced),
                    (state.replica(follower).log.len() < log.len(), Because::Behind),
                ],
                _ => [
                    (!self.is_caught_up(state, leader, follower, log.len()), Because::Behind),
                    (false, Because::Fenced),
                ],
            };
            let reasons = reasons.iter().filter(|(holds, _)| *holds);
            steps.extend(reasons.map(|(_, why)| KafkaStep::Shrink(leader, follower, *why)));
        }
        for follower in (0..self.replicas).filter(|follower| !believes.isr.contains(*follower)) {
            let joins = match self.rule {
                Truncation::Kip320 => {
                    is_in_epoch(state, leader, follower)
                        && state.replica(follower).log.len() >= *hw
                        && has_reached_epoch(state, leader)
                }
                Truncation::Kip320FirstTry => {
                    self.is_caught_up(state, leader, follower, *hw)
                        && has_reached_epoch(state, leader)
                }
                _ => self.is_caught_up(state, leader, follower, *hw),
            };
            if joins {
                steps.push(KafkaStep::Expand(leader, follower));
            }
        }
    }

    /// Whether a member of the in-sync replicas has the record at the leader's watermark, as far
    /// as the rule lets the leader know.
    fn has_next(&self, state: &KafkaState, leader: u8, member: u8) -> bool {
        let hw = state.replica(leader).hw;
        let has = state.replica(member).log.len() > hw;
        match self.rule {
            Truncation::Kip320 => {
                state.replica(leader).log.len() > hw && is_in_epoch(state, leader, member) && has
            }
            Truncation::Kip320FirstTry => {
                state.replica(leader).log.len() > hw
                    && self.is_caught_up(state, leader, member, hw + 1)
            }
            _ => state.follows(member, leader) && has,
        }
    }

    /// Whether a follower has all before `end`; since KIP-320 with the leader's epoch at the last.
    fn is_caught_up(&self, state: &KafkaState, leader: u8, follower: u8, end: usize) -> bool {
        let (leading, following) = (&state.replica(leader).log, &state.replica(follower).log);
        let same = |one: &Record, other: &Record| {
            self.rule != Truncation::Kip320FirstTry || one.epoch == other.epoch
        };
        state.follows(follower, leader)
            && (end == 0
                || leading
                    .get(end - 1)
                    .zip(following.get(end - 1))
                    .is_some_and(|(a, b)| same(a, b)))
    }

    fn may_fetch(&self, state: &KafkaState, leader: u8, follower: u8) -> bool {
        let end = state.replica(follower).log.len();
        let knows = match self.rule {
            Truncation::Kip320 => is_in_epoch(state, leader, follower),
            Truncation::Kip320FirstTry => self.is_caught_up(state, leader, follower, end),
            _ => state.follows(follower, leader),
        };
        knows && end < state.replica(leader).log.len()
    }

    /// The requests that a replica may observe.
    fn add_become(&self, state: &KafkaState, replica: u8, steps: &mut Vec<KafkaStep>) {
        for request in &state.requests {
            let Some(leader) = request.leader else { continue };
            if request.epoch <= state.replica(replica).believes.epoch {
                continue;
            }
            if leader == replica {
                steps.push(KafkaStep::BecomeLeader(*request));
            } else {
                let offsets = self.truncations(state, leader, replica, *request);
                steps.extend(offsets.into_iter().map(|(offset, why)| {
                    KafkaStep::BecomeFollower(replica, *request, offset, why)
                }));
            }
        }
    }

    /// To which offsets a new follower may truncate its log.
    fn truncations(
        &self,
        state: &KafkaState,
        leader: u8,
        replica: u8,
        request: Leadership,
    ) -> Vec<(usize, Because)> {
        let Replica { log, hw, .. } = state.replica(replica);
        let agreed = (agreement(state, leader, replica), Because::Agrees);
        let empty = log.is_empty().then_some((0, Because::Empty));
        let offsets = match self.rule {
            Truncation::HighWatermark => vec![(*hw, Because::Agrees)],
            Truncation::Kip101 => match log.last() {
                None => vec![(0, Because::Empty)],
                Some(last) => {
                    vec![(larger_epoch(state, leader, last.epoch, *hw), Because::Agrees)]
                }
            },
            Truncation::Kip279 => empty.into_iter().chain([agreed]).collect(),
            Truncation::Kip320FirstTry => vec![(log.len(), Because::Agrees)],
            Truncation::Kip320 => {
                let leads = state.presumes_leadership(leader)
                    && state.replica(leader).believes.epoch == request.epoch;
                leads.then_some(agreed).into_iter().collect()
            }
        };
        offsets.into_iter().filter(|(offset, _)| *offset <= log.len()).collect()
    }

    /// The state after a step that is enabled.
    pub fn after(mut state: KafkaState, step: KafkaStep) -> KafkaState {
        match step {
            KafkaStep::Elect(leader) => decide(&mut state, Some(leader), |isr| isr),
            KafkaStep::ControllerShrink(replica) => {
                let Leadership { leader, isr, .. } = state.quorum;
                if leader != Some(replica) {
                    decide(&mut state, leader, |isr| isr.without(replica));
                } else if isr == Replicas::default().with(replica) {
                    decide(&mut state, None, |isr| isr);
                } else {
                    decide(&mut state, None, |isr| isr.without(replica));
                }
            }
            KafkaStep::BecomeLeader(request) => {
                if let Some(leader) = request.leader {
                    state.replicas[usize::from(leader)].believes = request;
                }
            }
            KafkaStep::Write(leader) => {
                let id = state.next_record;
                let replica = &mut state.replicas[usize::from(leader)];
                let epoch = replica.believes.epoch.unwrap_or_default();
                replica.log.push(Record { id, epoch });
                state.next_record += 1;
            }
            KafkaStep::Commit(leader) => state.replicas[usize::from(leader)].hw += 1,
            KafkaStep::Shrink(leader, replica, _) => {
                set_isr(&mut state, leader, |isr| isr.without(replica));
            }
            KafkaStep::Expand(leader, replica) => {
                set_isr(&mut state, leader, |isr| isr.with(replica));
            }
            KafkaStep::BecomeFollower(replica, request, offset, _) => {
                let replica = &mut state.replicas[usize::from(replica)];
                replica.believes = request;
                replica.truncate(offset);
            }
            KafkaStep::Fetch(leader, follower) => {
                let end = state.replica(follower).log.len();
                let Replica { log, hw, .. } = state.replica(leader);
                let (record, hw) = (log[end], (*hw).min(end + 1));
                let follower = &mut state.replicas[usize::from(follower)];
                follower.log.push(record);
                follower.hw = hw;
            }
            KafkaStep::Truncate(leader, follower) => {
                let offset = agreement(&state, leader, follower);
                state.replicas[usize::from(follower)].truncate(offset);
            }
        }
        state
    }
}

impl Replica {
    fn truncate(&mut self, offset: usize) {
        self.log.truncate(offset);
        self.hw = self.hw.min(offset);
    }
}

/// The controller starts a leader epoch.
fn decide(state: &mut KafkaState, leader: Option<u8>, isr: impl FnOnce(Replicas) -> Replicas) {
    let epoch = Some(state.next_epoch);
    state.quorum = Leadership { epoch, leader, isr: isr(state.quorum.isr) };
    state.next_epoch += 1;
    state.requests.insert(state.quorum);
}

/// The true leader writes the in-sync replicas, which the controller and it know at once.
fn set_isr(state: &mut KafkaState, leader: u8, isr: impl FnOnce(Replicas) -> Replicas) {
    let believes = &mut state.replicas[usize::from(leader)].believes;
    believes.isr = isr(believes.isr);
    state.quorum.isr = believes.isr;
}

/// Whether both are in one leader epoch, in which the first leads.
fn is_in_epoch(state: &KafkaState, leader: u8, follower: u8) -> bool {
    state.follows(follower, leader)
        && state.replica(follower).believes.epoch == state.replica(leader).believes.epoch
}

/// Whether all before a leader's epoch is committed.
fn has_reached_epoch(state: &KafkaState, leader: u8) -> bool {
    let Replica { log, hw, believes } = state.replica(leader);
    match log.get(*hw) {
        None => *hw == log.len(),
        Some(record) => Some(record.epoch) == believes.epoch,
    }
}

/// Whether a follower's log is none that the leader's could become.
fn must_truncate(state: &KafkaState, leader: u8, follower: u8) -> bool {
    let (leading, following) = (&state.replica(leader).log, &state.replica(follower).log);
    let parted = |last: &Record| {
        leading.get(following.len() - 1).is_some_and(|record| record.epoch != last.epoch)
    };
    state.follows(follower, leader)
        && (following.len() > leading.len() || following.last().is_some_and(parted))
}

/// The offset after the last record that is the same in both logs.
fn agreement(state: &KafkaState, leader: u8, follower: u8) -> usize {
    let logs = state.replica(leader).log.iter().zip(&state.replica(follower).log);
    logs.enumerate().rfind(|(_, (one, other))| one == other).map_or(0, |(at, _)| at + 1)
}

/// Where the leader's log ends, if its last record is of `epoch`, or where its first record of a
/// larger epoch is; the follower's watermark if there is none.
fn larger_epoch(state: &KafkaState, leader: u8, epoch: u8, hw: usize) -> usize {
    let log = &state.replica(leader).log;
    if log.last().is_some_and(|last| last.epoch == epoch) {
        return log.len();
    }
    log.iter().position(|record| record.epoch > epoch).unwrap_or(hw)
}
