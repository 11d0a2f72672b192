//! Which clusters of a federation cannot be asked, and since when.

use super::survey::Answer;
use jiff::Timestamp;
use std::collections::BTreeMap;

/// What is known of the way to the other clusters, from one survey to the next.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reach {
    /// Those that cannot be asked.
    unreached: BTreeMap<String, Unreached>,
    /// When each of the others answered last.
    answered: BTreeMap<String, Timestamp>,
}

/// A cluster that cannot be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreached {
    /// When it answered last; before the first answer, when it was first asked in vain.
    pub since: Timestamp,
    /// The latest cause.
    pub why: String,
}

/// What is worth a line in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    Lost { cluster: String, since: Timestamp, why: String },
    Back { cluster: String, since: Timestamp },
}

impl Reach {
    /// Takes in the answers of all clusters that were asked, and forgets those that were not.
    pub fn note(&mut self, answers: &[(String, Answer)], now: Timestamp) -> Vec<News> {
        let before = std::mem::take(self);
        let mut news = Vec::new();
        for (cluster, answer) in answers {
            let was = before.unreached.get(cluster);
            match (trouble(answer), was) {
                (Some(why), was) => {
                    let answered = before.answered.get(cluster);
                    let since = was.map(|was| was.since).or(answered.copied()).unwrap_or(now);
                    let why = why.to_owned();
                    if was.is_none() {
                        news.push(News::Lost { cluster: cluster.clone(), since, why: why.clone() });
                    }
                    self.unreached.insert(cluster.clone(), Unreached { since, why });
                }
                (None, was) => {
                    news.extend(was.map(|was| News::Back { cluster: cluster.clone(), since: was.since }));
                    self.answered.insert(cluster.clone(), now);
                }
            }
        }
        news
    }

    /// Those that cannot be asked, by context.
    pub fn unreached(&self) -> &BTreeMap<String, Unreached> {
        &self.unreached
    }

    /// Those that were asked, and whether each answered.
    pub fn asked(&self) -> impl Iterator<Item = (&str, bool)> {
        let unreached = self.unreached.keys().map(|cluster| (cluster.as_str(), false));
        unreached.chain(self.answered.keys().map(|cluster| (cluster.as_str(), true)))
    }
}

/// Why a cluster could not be asked; `None` for one that answered, or that the kubeconfig does not know.
fn trouble(answer: &Answer) -> Option<&str> {
    match answer {
        Answer::NoClient(why) | Answer::NoList(why) => Some(why),
        Answer::UnknownContext | Answer::NoKind(_) | Answer::Own | Answer::Peers(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_767_225_600 + second).unwrap()
    }

    /// FND-C1: a cluster of the federation that does not answer is known by when it answered last, and so is its return.
    #[test]
    fn a_cluster_that_cannot_be_asked_is_known_since_its_last_answer() {
        let mut reach = Reach::default();
        let b = |answer: Answer| vec![("b".to_owned(), answer), ("c".to_owned(), Answer::Peers(Vec::new()))];
        let (dark, well) = (|why: &str| b(Answer::NoList(why.into())), b(Answer::Peers(Vec::new())));
        assert_eq!(reach.note(&dark("no answer"), at(0)).len(), 1, "never reached");
        assert_eq!(reach.unreached()["b"].since, at(0));
        let back = News::Back { cluster: "b".into(), since: at(0) };
        assert_eq!(reach.note(&well, at(50)), [back]);
        assert_eq!(reach.note(&well, at(100)), []);
        let lost = News::Lost { cluster: "b".into(), since: at(100), why: "no answer".into() };
        assert_eq!(reach.note(&dark("no answer"), at(150)), [lost]);
        assert_eq!(reach.note(&dark("connection refused"), at(180)), [], "it goes on");
        let unreached = Unreached { since: at(100), why: "connection refused".into() };
        assert_eq!(reach.unreached(), &[("b".to_owned(), unreached)].into());
        assert_eq!(reach.asked().collect::<Vec<_>>(), [("b", false), ("c", true)]);
        let back = News::Back { cluster: "b".into(), since: at(100) };
        assert_eq!((reach.note(&well, at(200)), reach.unreached().len()), (vec![back], 0));
        assert_eq!((reach.note(&[], at(250)), reach), (vec![], Reach::default()), "it left the federation");
    }
}
