"""Drives a simulated controller with the vendor's own Python client.

AVI_SIM_URL names the controller. Below /sim/ the test server takes orders: faults, expired sessions, the request log.
"""

import os
import unittest
import uuid

import requests
from avi.sdk.avi_api import APIError, ApiSession, AviServerError, ObjectNotFound

BASE = os.environ["AVI_SIM_URL"]


def sim(path, **order):
    answer = requests.post(BASE + "/sim/" + path, json=order, timeout=5)
    answer.raise_for_status()
    return answer.json()


def unique(prefix):
    return prefix + "-" + uuid.uuid4().hex[:10]


def service(name, **fields):
    member = {"ip": {"addr": "203.0.113.7", "type": "V4"}}
    pool = {"name": "pool", "algorithm": "GSLB_ALGORITHM_ROUND_ROBIN", "members": [member]}
    return {"name": name, "domain_names": [name + ".example.org"], "groups": [pool], **fields}


def connect(**options):
    ApiSession.clear_cached_sessions()
    arguments = {"tenant": "admin", "api_version": "30.2.1", "verify": False, "timeout": 10, **options}
    return ApiSession(BASE, "admin", "avi123", **arguments)


class Sdk(unittest.TestCase):
    def setUp(self):
        self.api = connect()
        self.mark()

    def tearDown(self):
        sim("calm")
        self.api.delete_session()

    def mark(self):
        self.seen = len(sim("requests"))

    def calls(self):
        """Method and path of the calls since the last mark."""
        return [call.split("?")[0].replace("//", "/") for call in sim("requests")[self.seen :]]

    def fault(self, status=0, times=1, **order):
        sim("fault", **{"path_prefix": "/api/gslbservice", "status": status, "times": times, **order})


class Objects(Sdk):
    def test_login_shows_version_and_tokens(self):
        self.assertEqual(self.api.remote_api_version["Version"], "30.2.1")
        context = self.api.get_context()
        self.assertTrue(context["csrftoken"] and context["session_id"] and self.api.connected)

    def test_an_object_lives_from_post_to_delete(self):
        name = unique("life")
        answer = self.api.post("gslbservice", data=service(name))
        created = answer.json()
        self.assertEqual(answer.status_code, 201)
        self.assertRegex(created["uuid"], "^gslbservice-[0-9a-f-]{36}$")
        self.assertTrue(created["url"].endswith("#" + name))
        path = "gslbservice/" + created["uuid"]
        found = self.api.get_object_by_name("gslbservice", name)
        self.assertEqual(found["uuid"], created["uuid"])
        found["ttl"] = 17
        self.assertEqual(self.api.put(path, data=found).json()["ttl"], 17)
        self.assertEqual(self.api.patch(path, data={"replace": {"ttl": 18}}).json()["ttl"], 18)
        gone = self.api.delete(path)
        self.assertEqual((gone.status_code, gone.json()), (204, None))
        with self.assertRaises(ObjectNotFound):
            self.api.get(path).json()
        self.assertIsNone(self.api.get_object_by_name("gslbservice", name))

    def test_a_stale_put_is_refused_and_a_fresh_one_passes(self):
        name = unique("race")
        mine = self.api.post("gslbservice", data=service(name)).json()
        path = "gslbservice/" + mine["uuid"]
        self.assertEqual(self.api.put(path, data=dict(mine, ttl=1)).status_code, 200)
        stale = self.api.put(path, data=dict(mine, ttl=2))
        with self.assertRaises(APIError) as caught:
            stale.json()
        self.assertEqual(caught.exception.rsp.status_code, 412)
        fresh = self.api.get_object_by_name("gslbservice", name)
        self.assertEqual(self.api.put(path, data=dict(fresh, ttl=2)).json()["ttl"], 2)

    def test_a_taken_name_is_a_conflict(self):
        monitor = {"name": unique("hm"), "type": "HEALTH_MONITOR_TCP", "monitor_port": 80, "is_federated": True}
        statuses = [self.api.post("healthmonitor", data=monitor).status_code for _ in range(2)]
        self.assertEqual(statuses, [201, 409])

    def test_objects_are_changed_and_deleted_by_name(self):
        name = unique("named")
        self.api.post("gslbservice", data=service(name)).json()
        self.assertEqual(self.api.put_by_name("gslbservice", name, data=service(name, ttl=3)).json()["ttl"], 3)
        self.assertEqual(self.api.delete_by_name("gslbservice", name).status_code, 204)
        with self.assertRaises(ObjectNotFound):
            self.api.delete_by_name("gslbservice", name)

    def test_a_walk_over_pages_sees_every_object_once(self):
        prefix = unique("page")
        wanted = {"%s-%d" % (prefix, number) for number in range(7)}
        for name in wanted:
            self.api.post("gslbservice", data=service(name)).json()
        self.mark()
        params = {"page_size": 3, "name.contains": prefix, "include_name": ""}
        walked = [found["name"] for found in self.api.get_objects_iter("gslbservice", params=params)]
        self.assertEqual((set(walked), len(walked)), (wanted, 7))
        self.assertEqual(self.calls(), ["GET /api/gslbservice"] * 3)
        first = self.api.get("gslbservice", params={"page_size": 3}).json()
        self.assertEqual((len(first["results"]), first["next"].startswith("http")), (3, True))
        with self.assertRaises(ValueError):
            list(self.api.get_objects_iter("gslbservice", params={"page_size": 201}))

    def test_all_tenants_are_read_with_a_star_and_an_unknown_one_is_refused(self):
        self.assertEqual(self.api.get("gslbservice", tenant="*").status_code, 200)
        self.assertEqual(self.api.get("gslbservice", tenant="nobody").status_code, 403)

    def test_a_version_that_is_too_new_is_a_server_error_for_the_sdk(self):
        late = connect(api_version="99.1.1")
        with self.assertRaisesRegex(AviServerError, "Invalid version"):
            late.get_object_by_name("gslbservice", "any")


class Sessions(Sdk):
    def test_a_lazy_session_logs_in_with_its_first_call(self):
        lazy = connect(lazy_authentication=True)
        self.assertFalse(lazy.connected)
        self.assertEqual(lazy.get("gslb").json()["count"], 1)
        self.assertTrue(lazy.connected)

    def test_an_expired_session_is_renewed_unseen(self):
        before = self.api.get_context()["session_id"]
        sim("expire")
        self.assertEqual(self.api.get("gslbservice").status_code, 200)
        self.assertNotEqual(self.api.get_context()["session_id"], before)
        self.assertEqual(self.calls(), ["GET /api/gslbservice", "POST /login", "GET /api/gslbservice"])

    def test_status_419_is_handled_like_401(self):
        self.fault(419, body='{"error": "gone"}')
        self.assertEqual(self.api.get("gslbservice").status_code, 200)
        self.assertEqual(self.calls(), ["GET /api/gslbservice", "POST /login", "GET /api/gslbservice"])

    def test_endless_401_ends_after_four_calls(self):
        self.fault(401, times=50, body='{"error": "no"}')
        with self.assertRaises(APIError):
            self.api.get("gslbservice")
        self.assertEqual(self.calls().count("GET /api/gslbservice"), 4)

    def test_logout_closes_the_session(self):
        self.assertEqual(self.api.post("logout").status_code, 200)
        self.assertEqual(self.calls(), ["POST /logout"])

    def test_a_wrong_password_is_refused(self):
        ApiSession.clear_cached_sessions()
        with self.assertRaisesRegex(APIError, "Invalid credentials"):
            ApiSession(BASE, "admin", "wrong", api_version="30.2.1", verify=False)


class Faults(Sdk):
    def test_busy_answers_are_handed_over_after_one_call(self):
        for status in (429, 503):
            self.mark()
            self.fault(status, body="<html>busy</html>")
            answer = self.api.get("gslbservice")
            self.assertEqual((answer.status_code, self.calls()), (status, ["GET /api/gslbservice"]))
        with self.assertRaises(AviServerError):
            answer.json()
        self.assertEqual(self.api.get("gslbservice").status_code, 200)

    def test_a_look_up_by_name_hides_403_and_raises_503(self):
        self.fault(403, body='{"error": "no"}')
        self.assertIsNone(self.api.get_object_by_name("gslbservice", "any"))
        self.fault(503, body="<html>busy</html>")
        with self.assertRaises(AviServerError):
            self.api.get_object_by_name("gslbservice", "any")

    def test_a_post_whose_answer_broke_is_sent_again_and_meets_itself(self):
        name = unique("again")
        self.fault(method="POST", after_commit=True, broken=True)
        self.assertEqual(self.api.post("gslbservice", data=service(name)).status_code, 409)
        self.assertIsNotNone(self.api.get_object_by_name("gslbservice", name))

    def test_half_a_document_is_no_avi_error(self):
        self.fault(200, body='{"count": 1, "resul')
        answer = self.api.get("gslbservice")
        with self.assertRaises(ValueError):
            answer.json()


if __name__ == "__main__":
    unittest.main()
