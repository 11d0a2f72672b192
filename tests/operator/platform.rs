//! OpenShift, or not: what counts in a cluster that serves Routes.

use crate::kinds::{NOTICED, description, kind, later, notice};
use crate::support::ako_crds::{CLUSTER_VERSIONS, ROUTES, install_openshift, install_route_crd, remove_crd, route};
use crate::support::objects::{apply, delete_ingress, web};
use crate::support::{World, lines};
use amko::actors::board::{ClusterNotice, KindNotice};
use amko::actors::operator::{Child, OperatorMsg};

/// DB-01, FND-A5: at the start and later.
#[tokio::test(start_paused = true)]
async fn a_route_api_that_may_not_be_listed_silences_nothing_else_and_names_the_remedy() {
    for from_the_start in [false, true] {
        let mut world = World::of_examples();
        apply(world.cluster("ctx-a"), web("web", "10.1.0.5"));
        let path = "/apis/route.openshift.io/v1/routes";
        world.mischief.refuse_reads.lock().insert("ctx-a".into(), (path, 403));
        let serve = |world: &World| {
            install_route_crd(world.cluster("ctx-a"));
            apply(world.cluster("ctx-a"), route("web", "web.example.org", "10.1.0.5", "/"));
        };
        if from_the_start {
            serve(&world);
        }
        world.start().await;
        if !from_the_start {
            serve(&world);
        }
        later(&world).await;
        assert_eq!(description(&world, "web.example.org"), "INGRESS/ctx-a/shop/web/web.example.org");
        let error = notice(&world, "ctx-a").error.unwrap();
        let remedy = "; give the user of this cluster the verbs list and watch on routes.route.openshift.io";
        assert!(error.starts_with("cluster ctx-a: cannot watch Route objects: ") && error.ends_with(remedy), "{error}");
        assert_eq!(kind(&world, "ctx-a", "Ingress"), KindNotice::Listed);
        let expected = if from_the_start { KindNotice::Unlisted } else { KindNotice::Absent };
        assert_eq!(kind(&world, "ctx-a", "Route"), expected);
        assert!(world.links().board.readiness().is_ok());
        let writes = world.writes_after(|world| drop(apply(world.cluster("ctx-a"), web("web", "10.1.0.6")))).await;
        assert_eq!(lines(&writes), ["PUT gslbservice/<uuid>"], "they are still watched");
        let writes = world.writes_after(|world| delete_ingress(world.cluster("ctx-a"), "web")).await;
        assert_eq!(lines(&writes), ["DELETE gslbservice/<uuid>", "DELETE healthmonitor/<uuid>"], "{from_the_start}");
    }
}

#[tokio::test(start_paused = true)]
async fn on_openshift_ingresses_are_neither_needed_nor_read() {
    let mut world = World::of_examples();
    install_openshift(world.cluster("ctx-a"));
    apply(world.cluster("ctx-a"), web("web", "10.1.0.5"));
    let path = "/apis/networking.k8s.io/v1/ingresses";
    world.mischief.refuse_reads.lock().insert("ctx-a".into(), (path, 403));
    world.start().await;
    let ClusterNotice { synced, error, objects, note, .. } = notice(&world, "ctx-a");
    assert_eq!((synced, error, objects, note), (true, None, 0, None));
    assert_eq!(kind(&world, "ctx-a", "Ingress"), KindNotice::NotNeeded);
}

/// FND-A5: a definition of Routes, and Routes, add to what is there; when it goes, its Routes go and nothing else.
#[tokio::test(start_paused = true)]
async fn routes_in_a_plain_cluster_add_to_its_ingresses() {
    let mut world = World::of_examples();
    apply(world.cluster("ctx-a"), web("web", "10.1.0.5"));
    world.start().await;
    let before = world.avi.last_request();
    install_route_crd(world.cluster("ctx-a"));
    later(&world).await;
    world.settle().await;
    assert_eq!(
        (kind(&world, "ctx-a", "Route"), kind(&world, "ctx-a", "Ingress")),
        (KindNotice::Listed, KindNotice::Listed)
    );
    assert_eq!(world.writes_since(before), [], "nothing goes because of an empty definition");
    let writes = world
        .writes_after(|w| drop(apply(w.cluster("ctx-a"), route("more", "more.example.org", "10.1.0.6", "/"))))
        .await;
    assert_eq!(lines(&writes), ["POST healthmonitor", "POST gslbservice"]);
    assert_eq!(world.service_names(), ["more.example.org", "web.example.org"]);
    let writes = world.writes_after(|w| remove_crd(w.cluster("ctx-a"), ROUTES)).await;
    assert_eq!(lines(&writes), ["DELETE gslbservice/<uuid>", "DELETE healthmonitor/<uuid>"]);
    assert_eq!(world.service_names(), ["web.example.org"]);
    let writes = world.writes_after(|w| drop(apply(w.cluster("ctx-a"), web("web", "10.1.0.7")))).await;
    assert_eq!(lines(&writes), ["PUT gslbservice/<uuid>"]);
}

/// FND-A5: the definition by which a cluster is OpenShift comes and goes.
#[tokio::test(start_paused = true)]
async fn a_cluster_that_turns_into_openshift_loses_nothing_and_that_is_told_until_it_turns_back() {
    let mut world = World::of_examples();
    apply(world.cluster("ctx-a"), web("web", "10.1.0.5"));
    world.start().await;
    let before = world.avi.last_request();
    install_openshift(world.cluster("ctx-a"));
    later(&world).await;
    world.links().operator.cast(OperatorMsg::Poison(Child::ClusterWatcher("ctx-a".into())));
    tokio::time::sleep(NOTICED).await;
    world.settle().await;
    assert_eq!(world.writes_since(before), []);
    let note = notice(&world, "ctx-a").note.unwrap();
    assert!(note.contains("its Ingresses have counted before: they go on counting"), "{note}");
    let writes = world
        .writes_after(|w| drop(apply(w.cluster("ctx-a"), route("more", "more.example.org", "10.1.0.6", "/"))))
        .await;
    assert_eq!(lines(&writes), ["POST healthmonitor", "POST gslbservice"]);
    let writes = world.writes_after(|w| drop(apply(w.cluster("ctx-a"), web("web", "10.1.0.7")))).await;
    assert_eq!(lines(&writes), ["PUT gslbservice/<uuid>"]);
    remove_crd(world.cluster("ctx-a"), CLUSTER_VERSIONS);
    tokio::time::sleep(NOTICED).await;
    assert_eq!(notice(&world, "ctx-a").note, None);
}

/// FND-A5: without a restart, the other way round.
#[tokio::test(start_paused = true)]
async fn a_cluster_that_is_no_openshift_any_more_brings_its_ingresses() {
    let mut world = World::of_examples();
    install_openshift(world.cluster("ctx-a"));
    apply(world.cluster("ctx-a"), web("web", "10.1.0.5"));
    apply(world.cluster("ctx-a"), route("more", "more.example.org", "10.1.0.6", "/"));
    world.start().await;
    assert_eq!(world.service_names(), ["more.example.org"]);
    let before = world.avi.last_request();
    remove_crd(world.cluster("ctx-a"), CLUSTER_VERSIONS);
    later(&world).await;
    world.settle().await;
    assert_eq!(lines(&world.writes_since(before)), ["POST healthmonitor", "POST gslbservice"]);
    assert_eq!(world.service_names(), ["more.example.org", "web.example.org"]);
}

/// FND-A5, DB-01: the API of Routes is away; nothing says what became of them.
#[tokio::test(start_paused = true)]
async fn an_openshift_without_routes_at_the_start_loses_nothing() {
    let mut world = World::of_examples();
    install_openshift(world.cluster("ctx-a"));
    apply(world.cluster("ctx-a"), route("web", "web.example.org", "10.1.0.5", "/"));
    world.start().await;
    world.stop().await;
    let before = world.avi.last_request();
    remove_crd(world.cluster("ctx-a"), ROUTES);
    world.start().await;
    assert_eq!((world.writes_since(before), world.service_names()), (vec![], vec!["web.example.org".to_owned()]));
    let error = notice(&world, "ctx-a").error.unwrap();
    assert!(error.starts_with("the cluster is OpenShift and does not serve Routes at present"), "{error}");
}
