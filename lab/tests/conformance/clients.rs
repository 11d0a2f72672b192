//! Whole clients, from end to end.

mod helm;
mod kube_rs;
mod kubectl;
mod python;

use crate::check::Check;
use helm::helm_installs_upgrades_rolls_back_and_uninstalls_a_chart;
use kube_rs::kube_rs_creates_applies_watches_finalizes_and_records;
use kubectl::kubectl_does_its_everyday_work;
use python::the_python_client_reads_writes_and_watches;

pub(crate) fn checks() -> Vec<Check> {
    vec![
        check!(117, kube_rs_creates_applies_watches_finalizes_and_records),
        check!(118, kubectl_does_its_everyday_work),
        check!(119, the_python_client_reads_writes_and_watches),
        check!(120, helm_installs_upgrades_rolls_back_and_uninstalls_a_chart),
    ]
}
