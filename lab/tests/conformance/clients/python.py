"""What the Python client does with objects, patches and watches. The only argument is the namespace to work in."""

import sys

from kubernetes import client, config, watch
from kubernetes.client.exceptions import ApiException

namespace = sys.argv[1]
config.load_kube_config()
core, custom, version = client.CoreV1Api(), client.CustomObjectsApi(), client.VersionApi()
widgets = {"group": "conf.example.com", "version": "v1", "namespace": namespace, "plural": "widgets"}


def typed_objects():
    """Bodies without apiVersion and kind; a dict as patch is a strategic one."""
    port = client.V1ServicePort(name="http", port=80)
    body = client.V1Service(
        metadata=client.V1ObjectMeta(name="s"), spec=client.V1ServiceSpec(selector={"a": "b"}, ports=[port])
    )
    created = core.create_namespaced_service(namespace, body)
    assert created.metadata.uid and created.spec.ports[0].target_port == 80, created
    patch = {"spec": {"ports": [{"name": "https", "port": 443}]}}
    ports = core.patch_namespaced_service("s", namespace, patch).spec.ports
    assert sorted(port.port for port in ports) == [80, 443], ports
    created = core.read_namespaced_service("s", namespace)
    created.metadata.labels = {"tier": "front"}
    assert core.replace_namespaced_service("s", namespace, created).metadata.labels == {"tier": "front"}
    names = [item.metadata.name for item in core.list_namespaced_service(namespace, label_selector="tier=front").items]
    assert names == ["s"], names
    deleted = core.delete_namespaced_service("s", namespace, propagation_policy="Background")
    assert deleted.metadata.name == "s", deleted
    try:
        core.read_namespaced_service("s", namespace)
    except ApiException as error:
        assert error.status == 404, error
    else:
        raise AssertionError("the Service is still there")


def custom_objects():
    """A dict as patch is a merge patch."""
    body = {"apiVersion": "conf.example.com/v1", "kind": "Widget", "metadata": {"name": "w"}, "spec": {"color": "red"}}
    assert custom.create_namespaced_custom_object(body=body, **widgets)["spec"]["replicas"] == 1
    patched = custom.patch_namespaced_custom_object(name="w", body={"spec": {"color": "blue"}}, **widgets)
    assert patched["spec"]["color"] == "blue", patched
    status = {"status": {"replicas": 2}}
    assert custom.patch_namespaced_custom_object_status(name="w", body=status, **widgets)["status"]["replicas"] == 2
    assert [item["metadata"]["name"] for item in custom.list_namespaced_custom_object(**widgets)["items"]] == ["w"]


def watches():
    """Without a resourceVersion, a watch begins with what is there; it ends by its timeout."""
    events = watch.Watch().stream(custom.list_namespaced_custom_object, timeout_seconds=2, **widgets)
    seen = [(event["type"], event["object"]["metadata"]["name"]) for event in events]
    assert seen == [("ADDED", "w")], seen
    custom.delete_namespaced_custom_object(name="w", **widgets)


assert version.get_code().git_version.startswith("v1."), version.get_code()
typed_objects()
custom_objects()
watches()
print("all right")
