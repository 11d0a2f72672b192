"""Drives a simulated controller with the vendor's own Python client.

AVI_SIM_URL names the controller. Below /sim/ the test server takes orders: faults, connections that break, expired
sessions, the request log.
"""

import os
import unittest
import urllib.parse
import uuid

import requests
from avi.sdk.avi_api import APIError, ApiSession, AviServerError, ObjectNotFound

BASE = os.environ["AVI_SIM_URL"]
CALL, LOGIN = "GET /api/gslbservice", "POST /login"
FOR_EVER = 50


def sim(path, **order):
    answer = requests.post(BASE + "/sim/" + path, json=order, timeout=5, verify=False)
    answer.raise_for_status()
    return answer.json()


def unique(prefix):
    return prefix + "-" + uuid.uuid4().hex[:10]


def service(name, **fields):
    member = {"ip": {"addr": "203.0.113.7", "type": "V4"}}
    pool = {"name": "pool", "algorithm": "GSLB_ALGORITHM_ROUND_ROBIN", "members": [member]}
    return {"name": name, "domain_names": [name + ".example.org"], "groups": [pool], **fields}


def monitor(name):
    return {"name": name, "type": "HEALTH_MONITOR_TCP", "monitor_port": 80, "is_federated": True}


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
        self.seen = sim("count")

    def heard(self):
        """The requests since the last mark, with headers and bodies."""
        return sim("requests", since=self.seen)

    def calls(self):
        """Method and path of the calls since the last mark."""
        return [heard["line"].split("?")[0].replace("//", "/") for heard in self.heard()]

    def fault(self, status=0, times=1, **order):
        sim("fault", **{"path_prefix": "/api/gslbservice", "status": status, "times": times, **order})

    def hang_up(self, times=1, after_commit=False):
        sim("break", path_prefix="/api/gslbservice", times=times, after_commit=after_commit)


class Objects(Sdk):
    def test_a_name_that_nobody_has_gives_none(self):
        self.assertIsNone(self.api.get_object_by_name("gslbservice", unique("nobody")))
        self.assertEqual(self.calls(), [CALL])

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
        changed = self.api.put(path, data=found)
        self.assertEqual((changed.status_code, changed.json()["ttl"]), (200, 17))
        self.assertEqual(self.api.patch(path, data={"replace": {"ttl": 18}}).json()["ttl"], 18)
        gone = self.api.delete(path)
        self.assertEqual((gone.status_code, gone.json()), (204, None))
        with self.assertRaises(ObjectNotFound) as caught:
            self.api.get(path).json()
        self.assertNotIsInstance(caught.exception, APIError)
        self.assertIsNone(self.api.get_object_by_name("gslbservice", name))

    def test_a_stale_put_is_refused_and_a_fresh_one_passes(self):
        name = unique("race")
        mine = self.api.post("gslbservice", data=service(name)).json()
        path = "gslbservice/" + mine["uuid"]
        self.assertEqual(self.api.put(path, data=dict(mine, ttl=1)).status_code, 200)
        stale = self.api.put(path, data=dict(mine, ttl=2))
        with self.assertRaises(APIError) as caught:
            stale.json()
        self.assertEqual((stale.status_code, caught.exception.rsp.status_code), (412, 412))
        fresh = self.api.get_object_by_name("gslbservice", name)
        self.assertEqual(self.api.put(path, data=dict(fresh, ttl=2)).json()["ttl"], 2)

    def test_a_taken_name_is_a_conflict(self):
        name = unique("hm")
        statuses = [self.api.post("healthmonitor", data=monitor(name)).status_code for _ in range(2)]
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
        everything = {"page_size": 3, "include_name": ""}
        walked = [found["name"] for found in self.api.get_objects_iter("gslbservice", params=everything)]
        self.assertTrue(wanted <= set(walked))
        self.assertEqual(len(walked), len(set(walked)))
        first = self.api.get("gslbservice", params={"page_size": 3}).json()
        self.assertGreaterEqual(first["count"], 7)
        self.assertEqual(len(first["results"]), 3)
        self.assertEqual(urllib.parse.urlsplit(first["next"]).netloc, urllib.parse.urlsplit(BASE).netloc)

    def test_450_objects_are_three_pages_of_200(self):
        prefix = unique("many")
        for number in range(450):
            self.assertEqual(self.api.post("healthmonitor", data=monitor("%s-%d" % (prefix, number))).status_code, 201)
        self.mark()
        params = {"page_size": 200, "name.contains": prefix}
        walked = {found["name"] for found in self.api.get_objects_iter("healthmonitor", params=params)}
        self.assertEqual(len(walked), 450)
        queries = [urllib.parse.parse_qs(heard["line"].split("?")[1]) for heard in self.heard()]
        self.assertEqual([query.get("page") for query in queries], [None, ["2"], ["3"]])
        self.assertEqual([query["page_size"] for query in queries], [["200"]] * 3)

    def test_pages_of_more_than_200_are_refused_before_anything_is_sent(self):
        with self.assertRaises(ValueError):
            list(self.api.get_objects_iter("gslbservice", params={"page_size": 201}))
        self.assertEqual(self.calls(), [])

    def test_all_tenants_are_read_with_a_star_and_an_unknown_one_is_refused(self):
        self.assertEqual(self.api.get("gslbservice", tenant="*").status_code, 200)
        self.assertEqual(self.heard()[0]["headers"]["x-avi-tenant"], "*")
        self.assertEqual(self.api.get("gslbservice", tenant="nobody").status_code, 403)

    def test_a_version_that_is_too_new_is_a_server_error_for_the_sdk(self):
        late = connect(api_version="99.1.1")
        with self.assertRaisesRegex(AviServerError, "Invalid version"):
            late.get_object_by_name("gslbservice", "any")


class Sessions(Sdk):
    def test_login_shows_version_and_tokens(self):
        self.assertEqual(self.api.remote_api_version["Version"], "30.2.1")
        context = self.api.get_context()
        self.assertTrue(context["csrftoken"] and context["session_id"] and self.api.connected)

    def test_the_login_is_a_form_without_headers_of_avi(self):
        connect()
        login = self.heard()[0]
        self.assertEqual(login["line"], LOGIN)
        self.assertEqual(urllib.parse.parse_qs(login["body"]), {"username": ["admin"], "password": ["avi123"]})
        headers = login["headers"]
        self.assertEqual(headers["content-type"], "application/x-www-form-urlencoded")
        self.assertRegex(headers["user-agent"], "^python-urllib3/")
        self.assertEqual([name for name in headers if name.startswith("x-")], [])

    def test_a_lazy_session_logs_in_with_its_first_call(self):
        lazy = connect(lazy_authentication=True)
        self.assertEqual((lazy.connected, self.calls()), (False, []))
        self.assertEqual(lazy.get("gslb").json()["count"], 1)
        self.assertEqual((lazy.connected, self.calls()), (True, [LOGIN, "GET /api/gslb"]))

    def test_an_expired_session_is_renewed_unseen(self):
        before = self.api.get_context()["session_id"]
        sim("expire")
        self.assertEqual(self.api.get("gslbservice", params={"page_size": 1}).status_code, 200)
        self.assertNotEqual(self.api.get_context()["session_id"], before)
        self.assertEqual(self.calls(), [CALL, LOGIN, CALL])

    def test_one_401_is_answered_by_a_login_and_the_call_again(self):
        self.fault(401, body='{"error": "no"}')
        self.assertEqual(self.api.get("gslbservice").status_code, 200)
        self.assertEqual(self.calls(), [CALL, LOGIN, CALL])

    def test_one_419_is_handled_like_401(self):
        self.fault(419, body='{"error": "gone"}')
        self.assertEqual(self.api.get("gslbservice").status_code, 200)
        self.assertEqual(self.calls(), [CALL, LOGIN, CALL])

    def test_401_for_ever_ends_after_four_calls_and_four_logins(self):
        self.fault(401, times=FOR_EVER, body='{"error": "no"}')
        with self.assertRaises(APIError):
            self.api.get("gslbservice")
        self.assertEqual(self.calls(), [CALL, LOGIN] * 4)

    def test_with_a_header_authorization_401_for_ever_ends_after_four_calls_without_a_login(self):
        self.fault(401, times=FOR_EVER, body='{"error": "no"}')
        with self.assertRaises(APIError):
            self.api.get("gslbservice", headers={"Authorization": "Basic bm8="})
        self.assertEqual(self.calls(), [CALL] * 4)
        self.assertEqual({heard["headers"]["authorization"] for heard in self.heard()}, {"Basic bm8="})

    def test_logout_closes_the_session(self):
        self.assertEqual(self.api.post("logout").status_code, 200)
        self.assertEqual(self.calls(), ["POST /logout"])
        self.assertEqual(self.api.get("gslbservice").status_code, 200)
        self.assertEqual(self.calls(), ["POST /logout", CALL, LOGIN, CALL])

    def test_a_wrong_password_is_refused_at_once(self):
        ApiSession.clear_cached_sessions()
        with self.assertRaisesRegex(APIError, "Invalid credentials"):
            ApiSession(BASE, "admin", "wrong", api_version="30.2.1", verify=False)
        self.assertEqual(self.calls(), [LOGIN])


class Faults(Sdk):
    def test_busy_answers_are_handed_over_after_one_call(self):
        for status, error in ((429, APIError), (503, AviServerError)):
            with self.subTest(status):
                self.mark()
                self.fault(status, body="<html>busy</html>")
                answer = self.api.get("gslbservice")
                self.assertEqual((answer.status_code, self.calls()), (status, [CALL]))
                with self.assertRaises(error):
                    answer.json()
        self.assertEqual(self.api.get("gslbservice").status_code, 200)

    def test_a_look_up_by_name_takes_403_for_absent(self):
        name = unique("hidden")
        self.api.post("gslbservice", data=service(name)).json()
        self.fault(403, body='{"error": "no"}')
        self.assertIsNone(self.api.get_object_by_name("gslbservice", name))
        self.assertIsNotNone(self.api.get_object_by_name("gslbservice", name))

    def test_a_look_up_by_name_raises_503(self):
        self.fault(503, body="<html>busy</html>")
        with self.assertRaises(AviServerError):
            self.api.get_object_by_name("gslbservice", "any")

    def test_a_connection_that_breaks_for_ever_ends_after_four_calls_and_four_logins(self):
        self.hang_up(times=FOR_EVER)
        with self.assertRaises(requests.exceptions.ConnectionError):
            self.api.get("gslbservice")
        self.assertEqual(self.calls(), [CALL, LOGIN] * 4)

    def test_a_post_whose_connection_broke_after_the_commit_meets_itself(self):
        name = unique("again")
        self.hang_up(after_commit=True)
        self.assertEqual(self.api.post("gslbservice", data=service(name)).status_code, 409)
        self.assertEqual(self.calls(), ["POST /api/gslbservice", LOGIN, "POST /api/gslbservice"])
        self.assertIsNotNone(self.api.get_object_by_name("gslbservice", name))

    def test_a_post_whose_connection_broke_before_the_commit_is_done_once(self):
        name = unique("once")
        self.hang_up()
        self.assertEqual(self.api.post("gslbservice", data=service(name)).status_code, 201)

    def test_a_body_shorter_than_it_was_announced_is_asked_for_again_after_a_login(self):
        self.fault(answer="broken")
        self.assertEqual(self.api.get("gslbservice").status_code, 200)
        self.assertEqual(self.calls(), [CALL, LOGIN, CALL])

    def test_a_post_whose_answer_is_too_short_is_sent_again_too(self):
        name = unique("short")
        self.fault(method="POST", answer="broken", after_commit=True)
        self.assertEqual(self.api.post("gslbservice", data=service(name)).status_code, 409)
        self.assertEqual(self.calls(), ["POST /api/gslbservice", LOGIN, "POST /api/gslbservice"])

    def test_half_a_document_of_the_right_length_is_no_error_of_avi(self):
        self.fault(200, body='{"count": 1, "resul')
        answer = self.api.get("gslbservice")
        with self.assertRaises(requests.exceptions.JSONDecodeError) as caught:
            answer.json()
        self.assertNotIsInstance(caught.exception, (APIError, AviServerError))
        self.assertEqual(self.calls(), [CALL])

    def test_an_answer_after_the_timeout_is_not_waited_for_and_not_asked_for_again(self):
        self.fault(answer="truth", delay=5)
        with self.assertRaises(requests.exceptions.ReadTimeout):
            self.api.get("gslbservice", timeout=1)
        self.assertEqual(self.calls(), [CALL])


if __name__ == "__main__":
    unittest.main()
