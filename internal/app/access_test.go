package app_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// callers are the columns of the table: everybody but the operator is of the tenant "b".
var callers = []string{"nobody", "viewer", "member", "admin", "owner", "chat key", "admin key", "JWT member", "JWT admin", "operator key"}

// access says, for every endpoint, what each caller gets: a status, in the order of callers. Ids in the path
// are the caller's own; under /v1/admin they are of its tenant. A cell may add the error's code, and * repeats
// the cell before it.
//
// The next column is what every caller gets for the same thing of another tenant, if it is not refused its
// own by a 401 or a bare 403: "-" where no id is asked, and "any" where who may it may it for every tenant.
// Outside /v1/admin they get the same for what is a colleague's in their own tenant; where that is "team", a
// further column says so, and they get what they get for their own.
const access = `
endpoint                                  nobody viewer member admin owner chat-key admin-key JWT-m JWT-a operator | other tenant's
GET    /healthz                           200    200    200    200   200   200      200       200   200   200      | -
GET    /readyz                            200    200    200    200   200   200      200       200   200   200      | -
GET    /metrics                           200    200    200    200   200   200      200       200   200   200      | -
GET    /openapi.json                      200    200    200    200   200   200      200       200   200   200      | -
GET    /docs                              200    200    200    200   200   200      200       200   200   200      | -
GET    /v1/status                         401    200    200    200   200   200      403       200   200   200      | -
GET    /v1/models                         401    200    200    200   200   200      403       200   200   200      | -
GET    /v1/models/tiny                    401    200    200    200   200   200      403       200   200   200      | -
POST   /v1/chat/completions               401    403    200    200   200   200      403       200   200   200      | -
POST   /v1/embeddings                     401    403    200    200   200   200      403       200   200   200      | -
POST   /v1/rerank                         401    403    200    200   200   200      403       200   200   200      | -
POST   /v2/rerank                         401    403    200    200   200   200      403       200   200   200      | -
POST   /v1/guard/check                    401    403    200    200   200   200      403       200   200   200      | -
POST   /v1/chat.completions               401    403    200    200   200   200      403       200   200   200      | -
GET    /v1/ws                             401    403    400    400   400   400      403       400   400   400      | -
GET    /v1/messages/{msg}/events          401    200    200    200   200   200      403       200   200   200      | 404
POST   /v1/messages/{msg}/cancel          401    403    204    204   204   204      403       204   204   204      | 404
GET    /v1/conversations                  401    200    200    200   200   200      403       200   200   200      | -
POST   /v1/conversations                  401    403    201    201   201   201      403       201   201   201      | -
GET    /v1/conversations/search?q=x       401    200    200    200   200   200      403       200   200   200      | -
GET    /v1/conversations/{conv}           401    200    200    200   200   200      403       200   200   200      | 404
PATCH  /v1/conversations/{conv}           401    403    200    200   200   200      403       200   200   200      | 404
DELETE /v1/conversations/{conv}           401    403    204    204   204   204      403       204   204   204      | 404
POST   /v1/conversations/delete           401    403    200    200   200   200      403       200   200   200      | -
GET    /v1/conversations/{conv}/messages  401    200    200    200   200   200      403       200   200   200      | 404
POST   /v1/conversations/{conv}/shares    401    403    201    201   201   201      403       201   201   201      | 404
POST   /v1/conversations/{conv}/shares/preview 401 403  200    200   200   200      403       200   200   200      | 404
GET    /v1/shares                         401    200    200    200   200   200      403       200   200   200      | -
DELETE /v1/shares/{share}                 401    403    204    204   204   204      403       204   204   204      | 404
GET    /v1/shared/{token}                 401    200    200    200   200   200      403       200   200   200      | 404 | team
GET    /v1/prompts                        401    200    200    200   200   200      403       200   200   200      | -
POST   /v1/prompts                        401    403    201    201   201   201      403       201   201   201      | -
PATCH  /v1/prompts/{prompt}               401    403    200    200   200   200      403       200   200   200      | 404
DELETE /v1/prompts/{prompt}               401    403    204    204   204   204      403       204   204   204      | 404
PATCH  /v1/prompts/{teamprompt}           401    403    403:not_owner 200 200 403:not_owner 403 403:not_owner 200 200 | 404 | team
POST   /v1/files                          401    403    400    400    400   400      403       400   400   400      | -
GET    /v1/files                          401    200    200    200    200   200      403       200   200   200      | -
GET    /v1/files/{file}                   401    200    200    200    200   200      403       200   200   200      | 404
GET    /v1/files/{file}/content           401    200    200    200    200   200      403       200   200   200      | 404
DELETE /v1/files/{file}                   401    403    200    200    200   200      403       200   200   200      | 404
POST   /v1/vector_stores                  401    403    200    200    200   200      403       200   200   200      | -
GET    /v1/vector_stores                  401    200    200    200    200   200      403       200   200   200      | -
GET    /v1/vector_stores/{vs}             401    200    200    200    200   200      403       200   200   200      | 404
POST   /v1/vector_stores/{vs}             401    403    200    200    200   200      403       200   200   200      | 404
DELETE /v1/vector_stores/{vs}             401    403    200    200    200   200      403       200   200   200      | 404
POST   /v1/vector_stores/{vs}/search      401    200    200    200    200   200      403       200   200   200      | 404
POST   /v1/vector_stores/{vs}/files       401    403    404    404    404   404      403       404   404   404      | 404
POST   /v1/vector_stores/{vs}/file_batches       401    403    404    404    404   404      403       404   404   404      | 404
GET    /v1/vector_stores/{base}/file_batches/{batch}  401    200    200    200    200   200      403       200   200   200      | 404
GET    /v1/vector_stores/{base}/file_batches/{batch}/files  401    200    200    200    200   200      403       200   200   200      | 404
POST   /v1/vector_stores/{base}/file_batches/{batch}/cancel  401    403    200    200    200   200      403       200   200   200      | 404
GET    /v1/vector_stores/{vs}/files       401    200    200    200    200   200      403       200   200   200      | 404
GET    /v1/vector_stores/{base}/files/{doc}   401    200    200    200    200   200      403       200   200   200      | 404
POST   /v1/vector_stores/{base}/files/{doc}/explain 401    200    200    200    200   200      403       200   200   200      | 404
POST   /v1/vector_stores/{base}/files/{doc}   401    403    200    200    200   200      403       200   200   200      | 404
GET    /v1/vector_stores/{base}/files/{doc}/content 401    200    200    200    200   200      403       200   200   200      | 404
DELETE /v1/vector_stores/{base}/files/{doc}   401    403    200    200    200   200      403       200   200   200      | 404
POST   /v1/search                         401    200    200    200    200   200      403       200   200   200      | -
POST   /v1/conversations/{conv}/fork      401    403    201    201   201   201      403       201   201   201      | 404
GET    /v1/conversations/{conv}/export    401    200    200    200   200   200      403       200   200   200      | 404
POST   /v1/conversations/import           401    403    200    200   200   200      403       200   200   200      | -
PATCH  /v1/messages/{msg}                 401    403    200    200   200   200      403       200   200   200      | 404
PUT    /v1/messages/{msg}/feedback        401    403    200    200   200   200      403       200   200   200      | 404
DELETE /v1/messages/{msg}/feedback        401    403    200    200   200   200      403       200   200   200      | 404
GET    /v1/folders                        401    200    200    200   200   200      403       200   200   200      | -
POST   /v1/folders                        401    403    201    201   201   201      403       201   201   201      | -
PATCH  /v1/folders/{folder}               401    403    200    200   200   200      403       200   200   200      | 404
DELETE /v1/folders/{folder}               401    403    204    204   204   204      403       204   204   204      | 404
GET    /v1/auth/options                   200    200    200    200   200   200      200       200   200   200      | -
POST   /v1/setup                          403:wrong_setup_token *  *  *  *  *  *  *  *  *  | -
GET    /v1/invitations?token={invite}     200    200    200    200   200   200      200       200   200   200      | -
POST   /v1/invitations/accept             201    201    201    201   201   201      201       201   201   201      | -
POST   /v1/session                        200    200    200    200   200   200      200       200   200   200      | -
DELETE /v1/session                        401    204    204    204   204   403      403       403   403   403      | -
GET    /v1/auth/oidc/start?provider=none  302    302    302    302   302   302      302       302   302   302      | -
GET    /v1/auth/oidc/callback             302    302    302    302   302   302      302       302   302   302      | -
GET    /v1/me                             401    200    200    200   200   200      200       200   200   200      | -
PATCH  /v1/me                             401    200    200    200   200   403      403       403   403   403      | -
DELETE /v1/me                             401    403:wrong_password * * *   403      403       403   403   403      | -
GET    /v1/me/export                      401    200    200    200   200   403      403       403   403   403      | -
GET    /v1/me/sessions                    401    200    200    200   200   403      403       403   403   403      | -
DELETE /v1/me/sessions/{session}          401    204    204    204   204   403      403       403   403   403      | 404
GET    /v1/usage                          401    200    200    200   200   200      200       200   200   200      | -
GET    /v1/keys                           401    200    200    200   200   403      403       403   403   403      | -
POST   /v1/keys                           401    403    201    201   201   403      403       403   403   403      | -
DELETE /v1/keys/{key}                     401    404    204    204   204   403      403       403   403   403      | 404
GET    /v1/admin/users                    401    403    403    200   200   403      200       403   200   200      | -
POST   /v1/admin/users                    401    403    403    201   201   403      201       403   201   201      | -
GET    /v1/admin/users/{user}             401    403    403    200   200   403      200       403   200   200      | 404
PATCH  /v1/admin/users/{user}             401    403    403    200   200   403      200       403   200   200      | 404
DELETE /v1/admin/users/{user}             401    403    403    204   204   403      204       403   204   204      | 404
GET    /v1/admin/users/{user}/sessions    401    403    403    200   200   403      200       403   200   200      | 404
DELETE /v1/admin/users/{user}/sessions    401    403    403    204   204   403      204       403   204   204      | 404
GET    /v1/admin/invitations              401    403    403    200   200   403      200       403   200   200      | -
POST   /v1/admin/invitations              401    403    403    201   201   403      201       403   201   201      | -
DELETE /v1/admin/invitations/{invitation} 401    403    403    204   204   403      204       403   204   204      | 404
GET    /v1/admin/groups                   401    403    403    200   200   403      200       403   200   200      | -
POST   /v1/admin/groups                   401    403    403    201   201   403      201       403   201   201      | -
PATCH  /v1/admin/groups/{group}           401    403    403    200   200   403      200       403   200   200      | 404
DELETE /v1/admin/groups/{group}           401    403    403    204   204   403      204       403   204   204      | 404
PUT    /v1/admin/groups/{group}/members   401    403    403    200   200   403      200       403   200   200      | 404
GET    /v1/admin/usage                    401    403    403    200   200   403      200       403   200   200      | -
GET    /v1/admin/keys                     401    403    403    200   200   403      200       403   200   200      | -
DELETE /v1/admin/keys/{userkey}           401    403    403    204   204   403      204       403   204   204      | 404
GET    /v1/admin/models                   401    403    403    403   403   403      403       403   403   200      | -
POST   /v1/admin/models/{spare}/pull      401    403    403    403   403   403      403       403   403   202      | -
POST   /v1/admin/models/{spare}/pause     401    403    403    403   403   403      403       403   403   200      | -
POST   /v1/admin/models/{spare}/load      401    403    403    403   403   403      403       403   403   200      | -
POST   /v1/admin/models/{spare}/unload    401    403    403    403   403   403      403       403   403   200      | -
DELETE /v1/admin/models/{spare}           401    403    403    403   403   403      403       403   403   204      | -
POST   /v1/admin/engine/pull              401    403    403    403   403   403      403       403   403   202      | -
POST   /v1/admin/engine/pause             401    403    403    403   403   403      403       403   403   200      | -
GET    /v1/admin/health                   401    403    403    403   403   403      403       403   403   200      | -
GET    /v1/admin/model-defaults           401    403    403    200   200   403      200       403   200   200      | -
PUT    /v1/admin/model-defaults           401    403    403    200   200   403      200       403   200   200      | -
GET    /v1/admin/tenants                  401    403    403    403   403   403      403       403   403   200      | -
POST   /v1/admin/tenants                  401    403    403    403   403   403      403       403   403   201      | -
GET    /v1/admin/tenants/{tenant}         401    403    403    403   403   403      403       403   403   200      | any
PATCH  /v1/admin/tenants/{tenant}         401    403    403    403   403   403      403       403   403   200      | any
DELETE /v1/admin/tenants/{newtenant}      401    403    403    403   403   403      403       403   403   204      | any
POST   /v1/admin/tenants/{newtenant}/shred 401   403    403    403   403   403      403       403   403   200      | any
`

// bodies of the endpoints that take one. {n} is a number that is new each time.
var bodies = map[string]string{
	"POST /v1/chat/completions":                `{"messages": [{"role": "user", "content": "hi"}]}`,
	"POST /v1/embeddings":                      `{"input": "hi"}`,
	"POST /v1/rerank":                          `{"query": "hi", "documents": ["a", {"text": "b"}], "return_documents": true}`,
	"POST /v2/rerank":                          `{"query": "hi", "documents": ["a"], "top_n": 1}`,
	"POST /v1/guard/check":                     `{"place": "input", "text": "hi"}`,
	"POST /v1/chat.completions":                `{"messages": [{"role": "user", "content": "hi"}]}`,
	"POST /v1/conversations":                   `{}`,
	"PATCH /v1/conversations/{conv}":           `{"pinned": true}`,
	"POST /v1/conversations/{conv}/fork":       `{"message_id": "{leaf}"}`,
	"POST /v1/conversations/import":            `{"conversations": [{"messages": [{"id": "a", "role": "user", "text": "x"}]}]}`,
	"POST /v1/conversations/delete":            `{"ids": ["{conv}"]}`,
	"PATCH /v1/messages/{msg}":                 `{"text": "z"}`,
	"PUT /v1/messages/{msg}/feedback":          `{"rating": 1}`,
	"DELETE /v1/messages/{msg}/feedback":       ``,
	"POST /v1/folders":                         `{"name": "Work"}`,
	"PATCH /v1/folders/{folder}":               `{"name": "Play"}`,
	"POST /v1/setup":                           `{"token": "x", "email": "x@x.test", "name": "x", "password": "` + password + `"}`,
	"POST /v1/invitations/accept":              `{"token": "{invite}", "name": "x", "password": "` + password + `"}`,
	"POST /v1/admin/invitations":               `{"email": "asked{n}@b.test", "role": "admin"}`,
	"POST /v1/admin/groups":                    `{"name": "new{n}"}`,
	"PATCH /v1/admin/groups/{group}":           `{"description": "Other"}`,
	"PUT /v1/admin/groups/{group}/members":     `{"add": ["{user}"]}`,
	"POST /v1/session":                         `{"email": "member@b.test", "password": "` + password + `"}`,
	"PATCH /v1/me":                             `{"name": "New name"}`,
	"DELETE /v1/me":                            `{"password": "not the password at all"}`,
	"POST /v1/keys":                            `{"name": "k", "permissions": ["chat"]}`,
	"POST /v1/admin/users":                     `{"email": "new{n}@b.test", "name": "New", "password": "` + password + `"}`,
	"PATCH /v1/admin/users/{user}":             `{"name": "Other"}`,
	"POST /v1/admin/tenants":                   `{"slug": "new{n}", "name": "New"}`,
	"PATCH /v1/admin/tenants/{tenant}":         `{"name": "Other"}`,
	"POST /v1/admin/tenants/{newtenant}/shred": `{"confirm": "{slug}"}`,
	"PUT /v1/admin/model-defaults":             `{"chat": {"member": "tiny"}}`,
	"POST /v1/messages/{msg}/cancel":           ``,
	"DELETE /v1/admin/tenants/{newtenant}":     ``,
	"DELETE /v1/conversations/{conv}":          ``,
	"GET /v1/conversations/{conv}/messages":    ``,
	"GET /v1/auth/oidc/start?provider=none":    ``,
	"GET /v1/conversations/search?q=x":         ``,
	"DELETE /v1/me/sessions/{session}":         ``,
	"DELETE /v1/admin/keys/{userkey}":          ``,

	"POST /v1/conversations/{conv}/shares":         `{}`,
	"POST /v1/conversations/{conv}/shares/preview": `{"redact": false}`,
	"POST /v1/files":                                    `{}`,
	"POST /v1/vector_stores":                            `{"name": "Rules"}`,
	"POST /v1/vector_stores/{vs}":                       `{"name": "Rules"}`,
	"POST /v1/vector_stores/{vs}/search":                `{"query": "x"}`,
	"POST /v1/vector_stores/{vs}/files":                 `{"file_id": "file_none"}`,
	"POST /v1/vector_stores/{vs}/file_batches":          `{"file_ids": ["file_none"]}`,
	"POST /v1/vector_stores/{base}/files/{doc}/explain": `{"query": "x"}`,
	"POST /v1/vector_stores/{base}/files/{doc}":         `{"attributes": {"year": 2026}}`,
	"POST /v1/search":                                   `{"query": "x"}`,

	"POST /v1/prompts":               `{"command": "new-{n}", "title": "t", "text": "x"}`,
	"PATCH /v1/prompts/{prompt}":     `{"title": "u"}`,
	"PATCH /v1/prompts/{teamprompt}": `{"title": "u"}`,
}

func TestWhoMayCallWhat(t *testing.T) {
	t.Parallel()
	h := furnish(t)
	covered := map[string]bool{}
	for _, line := range strings.Split(strings.TrimSpace(access), "\n")[1:] {
		left, others, _ := strings.Cut(line, "|")
		f := strings.Fields(left)
		method, path, cells := f[0], f[1], f[2:]
		if len(cells) != len(callers) {
			t.Fatalf("%s %s has %d cells, want %d", method, path, len(cells), len(callers))
		}
		for i, c := range cells {
			if c == "*" {
				cells[i] = cells[i-1]
			}
		}
		covered[method+" "+routeOf(path)] = true
		for i, caller := range callers {
			who := h.ids[caller]
			if caller == "nobody" {
				who = h.ids["member"]
			}
			if strings.Contains(path, "{session}") && strings.ContainsAny(caller, " ") {
				who = h.ids["owner"] // such callers have no sessions; they ask for somebody's
			}
			p, body := h.fill(t, who, path, bodies[method+" "+path])
			h.expect(t, caller, method, p, body, cells[i])
		}
		other, team, _ := strings.Cut(others, "|")
		h.expectOthers(t, method, path, cells, strings.TrimSpace(other), strings.TrimSpace(team) == "team")
	}
	for _, r := range h.Routes() {
		if key := r.Method + " " + r.Path; !covered[strings.TrimSuffix(key, "*")] && !covered[key] {
			t.Errorf("%s has no row in the table", key)
		}
	}
}

func (h *house) expect(t *testing.T, caller, method, path, body, want string) {
	t.Helper()
	var send any
	if body != "" {
		send = body
	}
	a := h.call(t, h.credential(t, caller), method, path, send)
	got := fmt.Sprint(a.status)
	if strings.Contains(want, ":") {
		got += ":" + a.code()
	}
	if got != want {
		t.Errorf("%s %s as %s: %d %s, want %s: %.200s", method, path, caller, a.status, a.code(), want, a.body)
	}
	if a.status >= http.StatusBadRequest && a.code() == "" {
		t.Errorf("%s %s as %s: an error without a code: %.200s", method, path, caller, a.body)
	}
}

// expectOthers asks as every caller for what is another tenant's, and for what is a colleague's.
func (h *house) expectOthers(t *testing.T, method, path string, cells []string, other string, team bool) {
	t.Helper()
	if other == "-" {
		return
	}
	for i, caller := range callers {
		want := other
		if cells[i] == "401" || cells[i] == "403" || other == "any" {
			want = cells[i]
		}
		stranger, colleague := h.members["team"], h.members["b"]
		if caller == "operator key" {
			stranger, colleague = colleague, stranger
		}
		p, body := h.fill(t, stranger, path, bodies[method+" "+path])
		h.expect(t, caller, method, p, body, want)
		if strings.HasPrefix(path, "/v1/admin/") {
			continue
		}
		if team {
			want = cells[i]
		}
		p, body = h.fill(t, colleague, path, bodies[method+" "+path])
		h.expect(t, caller, method, p, body, want)
	}
}

// routeOf gives a path of the table the form of its route.
func routeOf(path string) string {
	path, _, _ = strings.Cut(path, "?")
	parts := strings.Split(path, "/")
	for i, p := range parts {
		if strings.HasPrefix(p, "{") {
			parts[i] = ":id"
		}
		if p == "{token}" {
			parts[i] = ":token"
		}
		if p == "{group}" {
			parts[i] = ":name"
		}
		if p == "{doc}" {
			parts[i] = ":file"
		}
		if p == "{batch}" {
			parts[i] = ":batch"
		}
	}
	path = strings.Join(parts, "/")
	return strings.Replace(path, "/v1/models/tiny", "/v1/models/", 1)
}

// A page of another origin cannot act with a signed-in browser's cookie, whatever it sends.
func TestCrossOriginRequestsAreRefused(t *testing.T) {
	t.Parallel()
	h := furnish(t)
	me := h.signIn(t, "member@b.test")
	for _, header := range [][]string{
		{"Origin", "https://evil.example"},
		{"Sec-Fetch-Site", "cross-site"},
		{"Sec-Fetch-Site", "same-site"},
	} {
		if a := h.call(t, me, "POST", "/v1/conversations", `{}`, header...); a.status != http.StatusForbidden || a.code() != "cross_origin" {
			t.Errorf("%v: %d %s", header, a.status, a.body)
		}
		if a := h.call(t, credential{}, "POST", "/v1/session", bodies["POST /v1/session"], header...); a.status != http.StatusForbidden {
			t.Errorf("sign-in with %v: %d", header, a.status)
		}
	}
	h.must(t, http.StatusCreated, me, "POST", "/v1/conversations", `{}`, "Origin", h.url, "Sec-Fetch-Site", "same-origin")
}

// A revoked credential is dead at the next request.
func TestRevokedCredentialsAreDeadAtOnce(t *testing.T) {
	t.Parallel()
	h := furnish(t)
	me := h.signIn(t, "member@b.test")
	var key struct{ ID, Secret string }
	h.must(t, http.StatusCreated, me, "POST", "/v1/keys", bodies["POST /v1/keys"]).into(t, &key)
	byKey := credential{bearer: key.Secret}
	h.must(t, http.StatusOK, byKey, "GET", "/v1/me", nil)
	h.must(t, http.StatusNoContent, me, "DELETE", "/v1/keys/"+key.ID, nil)
	h.must(t, http.StatusUnauthorized, byKey, "GET", "/v1/me", nil)
	disable := map[string]bool{"disabled": true}
	h.must(t, http.StatusOK, h.signIn(t, "admin@b.test"), "PATCH", "/v1/admin/users/"+h.ids["member"].User, disable)
	h.must(t, http.StatusUnauthorized, me, "GET", "/v1/me", nil)
	h.must(t, http.StatusUnauthorized, credential{}, "POST", "/v1/session", bodies["POST /v1/session"])
}
