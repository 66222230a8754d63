//! Who goes on next: tasks that wait for the network, for a backend or for nobody, chosen by the dice.
//!
//! Between two choices every task runs until it waits again. So a run is the same whenever its dice are, whatever
//! the system's scheduler does.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{Interval, MissedTickBehavior, interval};

use crate::dice::Dice;
use crate::network::{Fate, Network, TASK};

/// The tasks of a run, each with the process that it belongs to.
pub(crate) struct Schedule {
    network: Network,
    tasks: BTreeMap<usize, (usize, JoinHandle<()>)>,
    started: usize,
    /// Goes on when nobody else can: time stands still while anybody has something to do.
    quiet: Interval,
    doors: Doors,
}

/// Where tasks wait for something that is not the database.
#[derive(Clone, Default)]
pub(crate) struct Doors(Rc<RefCell<BTreeMap<usize, oneshot::Sender<()>>>>);

impl Doors {
    /// Waits until it is this task's turn.
    pub(crate) async fn wait(&self) {
        let (open, opened) = oneshot::channel();
        self.0.borrow_mut().insert(TASK.get(), open);
        // A door that is gone is one of a run that is over.
        let _ = opened.await;
    }
}

impl Schedule {
    pub(crate) fn new(network: Network) -> Self {
        let mut quiet = interval(Duration::from_millis(1));
        quiet.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self {
            network,
            tasks: BTreeMap::new(),
            started: 0,
            quiet,
            doors: Doors::default(),
        }
    }

    pub(crate) fn doors(&self) -> Doors {
        self.doors.clone()
    }

    /// Starts a task of `process`.
    pub(crate) fn start(&mut self, process: usize, work: impl Future<Output = ()> + 'static) {
        let number = self.started;
        self.started += 1;
        self.tasks
            .insert(number, (process, tokio::task::spawn_local(TASK.scope(number, work))));
    }

    /// Lets all tasks run until each waits, and tells those that can be let on.
    pub(crate) async fn settle(&mut self) -> Vec<usize> {
        loop {
            self.quiet.tick().await;
            self.tasks.retain(|_, (_, task)| !task.is_finished());
            let mut ready = self.network.waiting();
            ready.extend(self.doors.0.borrow().keys());
            ready.sort_unstable();
            // The others wait some milliseconds before they try again.
            if ready.len() >= self.tasks.len() {
                return ready;
            }
        }
    }

    /// Lets the task through the door that it waits at, or its call meet its fate.
    pub(crate) fn let_on(&self, task: usize, fate: impl FnOnce() -> Fate) {
        match self.doors.0.borrow_mut().remove(&task) {
            // Whoever does not wait there any more has died.
            Some(door) => drop(door.send(())),
            None => self.network.decide(task, fate()),
        }
    }

    /// Lets everybody on until all have ended.
    pub(crate) async fn go_on(&mut self) {
        while !self.is_idle() {
            for task in self.settle().await {
                self.let_on(task, || Fate::Done);
            }
        }
    }

    /// Ends a task where it stands, as a client that leaves or a process that dies does.
    pub(crate) fn kill(&mut self, task: usize) {
        if let Some((_, handle)) = self.tasks.remove(&task) {
            handle.abort();
        }
        self.doors.0.borrow_mut().remove(&task);
    }

    /// A process dies with all that it was doing; what is on the way may still arrive.
    pub(crate) fn kill_process(&mut self, process: usize, dice: &mut Dice) {
        for task in self.tasks_of(process) {
            self.kill(task);
            self.network.abandon(task, dice);
        }
    }

    fn tasks_of(&self, process: usize) -> Vec<usize> {
        self.tasks
            .iter()
            .filter(|(_, (of, _))| *of == process)
            .map(|(task, _)| *task)
            .collect()
    }

    fn is_idle(&self) -> bool {
        self.tasks.is_empty()
    }
}
