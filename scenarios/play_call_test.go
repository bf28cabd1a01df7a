package scenarios_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"html"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/scenarios"
)

// calling plays steps at a candidate whose endpoint `api` is served by h.
func calling(t *testing.T, h http.HandlerFunc, steps string, headers ...scenarios.Header) ([]scenarios.Event, string) {
	t.Helper()
	server := httptest.NewServer(h)
	defer server.Close()
	address, err := url.Parse(server.URL + "/base/")
	require.NoError(t, err)
	return callingAt(t, scenarios.Endpoint{URL: address, Headers: headers}, steps)
}

func callingAt(t *testing.T, end scenarios.Endpoint, steps string) ([]scenarios.Event, string) {
	t.Helper()
	c := candidateAt("127.0.0.1:1")
	c.Endpoints = map[string]scenarios.Endpoint{"api": end}
	s := scenario(t, "calls", "steps:\n"+steps)
	var written bytes.Buffer
	var events []scenarios.Event
	journal := scenarios.NewJournal(&written, time.Now, func(e scenarios.Event) { events = append(events, e) })
	p := scenarios.Player{Candidate: c, Journal: journal, Seed: 1, Instant: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}
	p.Run(t.Context(), scenarios.Plays([]*scenarios.Scenario{s}))
	return events, written.String()
}

func TestTriggerRequest(t *testing.T) {
	var method, path, query, body, kind, run string
	events, _ := calling(t, func(w http.ResponseWriter, r *http.Request) {
		data, _ := io.ReadAll(r.Body)
		method, path, query, body = r.Method, r.URL.EscapedPath(), r.URL.RawQuery, string(data)
		kind, run = r.Header.Get("Content-Type"), r.Header.Get("X-Run")
		w.WriteHeader(http.StatusCreated)
		_, _ = io.WriteString(w, `{"patient": {"id": 12.50, "names": ["a", "b"], "none": null}}`)
	}, `  - id: one
    trigger:
      endpoint: api
      method: PUT
      path: "/of/{{odd}}?q={{odd}}"
      headers: {X-Run: "{{seed}}"}
      body: {n: 3, text: "3", date: 2.10, list: [true, null, "{{odd}}"]}
    expect: {status: 201, json: {patient.id: "12.50", "patient.names[1]": b, "patient.names": {count: 2}, "patient.names[*]": {any: a}, patient.none: "null", patient.nobody: absent}}
    capture: {id: json.patient.id}
  - id: two
    trigger: {endpoint: api, path: "/{{id}}"}
vars: {odd: "a/b c&d?"}
`)
	require.Equal(t, []string{"one: fail", "two: inconclusive"}, stepVerdicts(events), "in quotes, null is a text")
	require.Equal(t, []string{"PUT", "/base/of/a%2Fb%20c%26d%3F", "q=a%2Fb%20c%26d%3F", "application/json", "1"}, []string{method, path, query, kind, run})
	require.JSONEq(t, `{"n": 3, "text": "3", "date": "2.10", "list": [true, null, "a/b c&d?"]}`, body)
	require.Len(t, brokenChecks(events), 1)
	require.Contains(t, brokenChecks(events)[0], "json.patient.none")
}

func TestTriggerAnswers(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer elsewhere.Close()
	for _, test := range []struct {
		name, expect, verdict string
		answer                http.HandlerFunc
	}{
		{"with 2xx", "", "pass", func(http.ResponseWriter, *http.Request) {}},
		{"with an error", "", "inconclusive", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) }},
		{"with an error that is expected", ", expect: {status: 500}", "pass", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) }},
		{"with another than the one expected", ", expect: {status: {in: [200, 201]}}", "fail", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) }},
		{"with what is no JSON", ", expect: {json: {a: absent}}", "pass", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<a/>") }},
		{"with too much", "", "inconclusive", func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, strings.Repeat("x", 2<<20))
		}},
		{"with the address of somebody else", "", "inconclusive", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere.URL, http.StatusFound)
		}},
		{"with another address at the same place", "", "pass", func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/base/x" {
				http.Redirect(w, r, "/there", http.StatusFound)
			}
		}},
		{"with its own address for ever", "", "inconclusive", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/x", http.StatusFound) }},
	} {
		t.Run(test.name, func(t *testing.T) {
			events, _ := calling(t, test.answer, "  - {id: one, trigger: {endpoint: api, path: /x}"+test.expect+"}\n")
			require.Equal(t, []string{"one: " + test.verdict}, stepVerdicts(events), brokenChecks(events))
		})
	}
}

func TestProbe(t *testing.T) {
	for _, test := range []struct{ name, step, verdict string }{
		{"until it holds", "within: 20s, every: 1ms}, expect: {json: {n: \"3\"}}", "pass"},
		{"until one of two holds", "within: 20s, every: 1ms}, expect: {any_of: [{status: 404}, {json: {n: {in: [\"2\", \"3\"]}}}]}", "pass"},
		{"never", "within: 20ms, every: 1ms}, expect: {json: {n: x}}", "fail"},
		{"any answer", "within: 1s}", "pass"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var n atomic.Int64
			events, _ := calling(t, func(w http.ResponseWriter, r *http.Request) {
				_, _ = fmt.Fprintf(w, `{"n": %d, "method": %q}`, n.Add(1), r.Method)
			}, "  - {id: one, probe: {endpoint: api, path: /x, "+test.step+"}\n")
			require.Equal(t, []string{"one: " + test.verdict}, stepVerdicts(events), brokenChecks(events))
		})
	}
	nowhere, err := url.Parse("http://127.0.0.1:1")
	require.NoError(t, err)
	events, _ := callingAt(t, scenarios.Endpoint{URL: nowhere}, "  - {id: one, probe: {endpoint: api, within: 1ms}}\n")
	require.Equal(t, []string{"one: inconclusive"}, stepVerdicts(events))
}

// What the environment gave is seen nowhere, whoever repeats it in whatever form.
func TestSecretsAreHidden(t *testing.T) {
	const secret = `s3cret/<"é`
	inJSON, err := json.Marshal(secret)
	require.NoError(t, err)
	basic := base64.RawURLEncoding.EncodeToString([]byte(secret))
	t.Setenv("PAMLAB_TEST_TOKEN", secret)
	got := ""
	events, journal := calling(t, func(w http.ResponseWriter, r *http.Request) {
		got = r.Header.Get("Authorization")
		w.WriteHeader(http.StatusForbidden)
		_, _ = fmt.Fprintf(w, `not %s %s %s %s {"x":"%s"}`, got, url.QueryEscape(secret), basic, html.EscapeString(secret), bytes.Trim(inJSON, `"`))
	}, "  - {id: one, trigger: api}\n", scenarios.Header{Name: "Authorization", Value: "Bearer {{env.PAMLAB_TEST_TOKEN}}"})
	require.Equal(t, "Bearer "+secret, got)
	require.Contains(t, journal, `not Bearer *** *** *** *** {\"x\":\"***\"}`)
	for _, form := range []string{secret, `s3cret/<\"é`, url.QueryEscape(secret), basic, "s3cret"} {
		require.NotContains(t, journal, form)
		require.NotContains(t, fmt.Sprint(brokenChecks(events)), form)
	}
	_, journal = calling(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusForbidden)
		_, _ = io.WriteString(w, strings.Repeat("x", 294)+secret+"y") // across the end of what is shown
	}, "  - {id: one, trigger: api}\n", scenarios.Header{Name: "Authorization", Value: "Bearer {{env.PAMLAB_TEST_TOKEN}}"})
	require.Contains(t, journal, "xxx***y")
	require.NotContains(t, journal, "s3cre")
	require.NoError(t, os.Unsetenv("PAMLAB_TEST_TOKEN"))
	events, _ = calling(t, func(http.ResponseWriter, *http.Request) {}, "  - {id: one, trigger: api}\n",
		scenarios.Header{Name: "Authorization", Value: "{{env.PAMLAB_TEST_TOKEN}}"})
	require.Equal(t, []string{"one: inconclusive"}, stepVerdicts(events))
	require.Contains(t, reasonOf(events), "PAMLAB_TEST_TOKEN is not set")
}

func TestEndpointOverTLS(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	ca := filepath.Join(t.TempDir(), "ca.pem")
	require.NoError(t, os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600))
	address, err := url.Parse(server.URL)
	require.NoError(t, err)
	for _, test := range []struct{ ca, name, verdict string }{
		{ca, "", "pass"}, {ca, "example.com", "pass"}, {ca, "example.net", "inconclusive"}, {ca + "x", "", "inconclusive"},
	} {
		events, _ := callingAt(t, scenarios.Endpoint{URL: address, CA: test.ca, ServerName: test.name}, "  - {id: one, trigger: api}\n")
		require.Equal(t, []string{"one: " + test.verdict}, stepVerdicts(events), brokenChecks(events))
	}
}

func TestAnEndpointThatIsMissing(t *testing.T) {
	s := scenario(t, "missing", "steps:\n  - {id: one, probe: api}\n")
	ok, why := scenarios.Applies(s, s.Cases[0], candidateAt("127.0.0.1:1"))
	require.False(t, ok)
	require.Contains(t, why.EN, `no endpoint "api"`)
}
