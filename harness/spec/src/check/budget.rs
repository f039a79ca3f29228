//! Budgets: limits on what boots cost, each of which some case must be able to meet.

use std::sync::Arc;

use super::Checker;
use super::expect::Setting;
use crate::budget::{Budget, Part};
use crate::contract::Contract;
use crate::diagnostic::Problem;
use crate::plan::Case;
use crate::sampling::Caches;
use crate::scenario::{At, Exception, Method, Scenario};
use crate::tree::Node;
use crate::wire::{BudgetBlock, RatioEntry};

impl Checker<'_> {
    /// Every limit of one block, in file order.
    pub(super) fn budget(&mut self, node: &Node, block: BudgetBlock, setting: &Setting<'_>) -> Vec<(Budget, At)> {
        let parts = [
            block.create,
            block.start,
            block.boot,
            block.install,
            block.launch,
            block.server,
            block.import,
            block.init,
            block.serve,
        ];
        let mut budgets: Vec<(&Node, Budget)> = Vec::new();
        for (part, limit) in Part::ALL.into_iter().zip(parts) {
            if let Some(limit) = limit {
                let given = node.child(part.as_str());
                self.part(given, part, setting);
                budgets.push((given, Budget::Part(part, limit.below.0)));
            }
        }
        budgets.extend(
            block
                .ready
                .map(|limit| (node.child("ready"), Budget::Ready(limit.below.0))),
        );
        if let Some(given) = node.get("cpu").filter(|_| !setting.sampling.repeats()) {
            let problem = self.key(
                given,
                "`cpu` cannot be seen of one boot: what is asked and read afterwards would count too",
            );
            self.push(problem.help("give the scenario `samples`, each of which is left alone"));
        }
        budgets.extend(block.cpu.map(|limit| (node.child("cpu"), Budget::Cpu(limit.below.0))));
        budgets.extend(
            block
                .memory
                .map(|limit| (node.child("memory"), Budget::Memory(limit.below.0))),
        );
        for (index, entry) in block.ratio.into_iter().enumerate() {
            let given = node.child("ratio").item(index);
            budgets.push((given, self.ratio(given, &entry, setting)));
        }
        let mut budgets: Vec<(Budget, At)> = budgets
            .into_iter()
            .map(|(node, budget)| (budget, self.source.at(node.head())))
            .collect();
        budgets.sort_by_key(|(_, at)| (at.line, at.column));
        budgets
    }

    /// `install` needs something that installs, and most parts a mark for their begin.
    fn part(&mut self, given: &Node, part: Part, setting: &Setting<'_>) {
        if part.installs() && !setting.via.contains(&Method::Dynamic) {
            let problem = self.key(
                given,
                format!("there is no `{part}`: no method of this scenario installs at boot"),
            );
            return self.push(problem.help("leave it out, or add `dynamic` to `via`"));
        }
        for contract in setting.contracts {
            if let Some(mark) = missing_mark(part, contract) {
                let what = format!(
                    "`{part}` cannot be seen: the contract `{}` has no mark {mark}",
                    contract.name
                );
                let problem = self.key(given, what);
                self.push(problem);
            }
        }
    }

    fn ratio(&mut self, given: &Node, entry: &RatioEntry, setting: &Setting<'_>) -> Budget {
        let (of, to) = (Method::from(entry.of), Method::from(entry.to));
        for (key, method) in [("of", of), ("to", to)] {
            if !setting.via.contains(&method) {
                let what = format!("no case is `{method}`, so there is nothing to compare");
                let problem = self.value(given.child(key), what);
                self.push(problem.choices(method.as_str(), setting.via.iter().map(|method| method.as_str())));
            }
        }
        if of == to {
            let problem = self.value(given.child("to"), format!("`{of}` is compared with itself"));
            self.push(problem.help("name another method"));
        }
        Budget::Ratio {
            of,
            to,
            at_most: entry.at_most,
        }
    }

    /// What of budgets only shows once the exceptions are applied: some case must have what is limited, and both sides of a
    /// ratio must serve.
    pub(super) fn budgets(&mut self, root: &Node, scenario: &Arc<Scenario>, cases: &[Case]) {
        let everywhere = |_: &Case| true;
        self.budgets_of(root.child("expect"), &scenario.expect.budget, cases, &everywhere);
        for (index, exception) in scenario.except.iter().enumerate() {
            let node = root.child("except").item(index);
            self.exception_applies(node.child("when"), exception, cases);
            let applies = |case: &Case| exception.applies(&case.image, case.method, case.caches);
            self.budgets_of(node.child("expect"), &exception.expect.budget, cases, &applies);
        }
    }

    fn budgets_of(&mut self, expect: &Node, budgets: &[(Budget, At)], cases: &[Case], applies: &dyn Fn(&Case) -> bool) {
        let node = expect.child("budget");
        let mut ratios = 0..;
        for (budget, _) in budgets {
            let mut judged = cases.iter().filter(|case| budget.concerns(case.method)).peekable();
            // What no method of the scenario has was reported where it stands.
            let none_at_all = judged.peek().is_none();
            let mut judged = judged.filter(|case| applies(case)).peekable();
            let not_here = !none_at_all && judged.peek().is_none();
            match budget {
                Budget::Part(part, _) if not_here => {
                    let what = format!("this exception is for no case that has `{part}`");
                    let problem = self.key(node.child(part.as_str()), what);
                    self.push(problem.help("add `dynamic` to its `when`, or leave it out"));
                }
                Budget::Ratio { of, to, .. } => {
                    let item = node.child("ratio").item(ratios.next().unwrap_or_default());
                    if not_here {
                        let problem = self.value(item.child("of"), format!("this exception is not for `{of}`"));
                        self.push(problem.help(format!("add `{of}` to its `when`, or leave the ratio out")));
                    } else if cases.iter().any(|case| case.method == *to)
                        && let Some(problem) = judged.find_map(|case| self.incomparable(item, case, *to, cases))
                    {
                        self.push(problem);
                    }
                }
                _ => {}
            }
        }
    }

    /// Why a case cannot be compared with that of another method.
    fn incomparable(&self, node: &Node, case: &Case, to: Method, cases: &[Case]) -> Option<Problem> {
        let refuses = |case: &Case| format!("`{}` refuses to boot, so it has no time to ready", case.variant());
        if case.expect.serves_nowhere() {
            return Some(self.value(node.child("of"), refuses(case)).help("leave the ratio out"));
        }
        let Some(peer) = case.peer(to) else {
            let what = format!(
                "`{}` has nothing to be compared with: `{to}` has no case like it",
                case.variant()
            );
            return Some(self.value(node.child("to"), what).help("add `fresh` to `caches`"));
        };
        let peer = cases.iter().find(|other| other.id == peer)?;
        let refuses = peer.expect.serves_nowhere().then(|| refuses(peer))?;
        Some(
            self.value(node.child("to"), refuses)
                .help("leave the ratio out, or name another method"),
        )
    }

    /// An exception for caches must be for some case.
    fn exception_applies(&mut self, when: &Node, exception: &Exception, cases: &[Case]) {
        let some = cases
            .iter()
            .any(|case| exception.applies(&case.image, case.method, case.caches));
        if !some && exception.caches == [Caches::Warm] {
            let problem = self.value(
                when.child("caches").item(0),
                "only `dynamic` has a case that is `warm`, so this exception never applies",
            );
            self.push(problem.help("add `dynamic` to its `via`"));
        }
    }
}

/// The mark that a contract lacks for the begin of a part. What the engine tells needs none, nor does the first line of the log.
fn missing_mark(part: Part, contract: &Contract) -> Option<&'static str> {
    let marks = &contract.marks;
    let (mark, name) = match part {
        Part::Create | Part::Start | Part::Boot | Part::Launch => return None,
        Part::Install => (&marks.install_begin, "`install_begin`"),
        Part::Server => (&marks.server_start, "`server_start`"),
        Part::Import => (&marks.listen, "`listen`"),
        Part::Init => (&marks.init_begin, "`init_begin`"),
        Part::Serve if marks.ready.is_some() => return None,
        Part::Serve => (&marks.init_end, "`init_end` or `ready`"),
    };
    mark.is_none().then_some(name)
}
