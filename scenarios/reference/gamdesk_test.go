package reference

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/hl7/pam"
)

// ask tells a desk something and returns what it says.
func ask(t *testing.T, d *Desk, method, target, body string) (status int, answer string) {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, target, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	d.ServeHTTP(w, r)
	require.Equal(t, "application/json", w.Header().Get("Content-Type"))
	require.True(t, json.Valid(w.Body.Bytes()), "%s", w.Body)
	return w.Code, w.Body.String()
}

// happens posts an event that the desk has to take.
func happens(t *testing.T, d *Desk, body string) {
	t.Helper()
	status, answer := ask(t, d, "POST", "/events", body)
	require.Equal(t, http.StatusAccepted, status, "%s\n%s", body, answer)
}

// startDesk opens a desk and returns what comes of its messages.
func startDesk(t *testing.T, opt GAMOptions) (*Desk, <-chan Contact) {
	t.Helper()
	contacts := make(chan Contact)
	ctx, cancel := context.WithCancel(context.Background())
	opt.Logger, opt.Instant = quiet(), noon()
	opt.Observe = func(c Contact) {
		select {
		case contacts <- c:
		case <-ctx.Done():
		}
	}
	d, err := StartDesk(ctx, opt)
	require.NoError(t, err)
	t.Cleanup(func() {
		cancel()
		d.Stop()
		d.Stop() // once more
	})
	return d, contacts
}

// wards is what happens to some patients, every event of both transactions among
// it, each as the fields of a request.
var wards = []string{
	`"event": "A28", "patient": "in", "given": {"patient": {"identity": "retrieved", "usual_name": "Noël"}, "stay": {"class": "I", "unit": {"code": "6268", "label": "CHIRURGIE"}}}`,
	`"event": "A31", "patient": "in", "with": {"patient": {"identity": "qualified"}}`,
	`"event": "A47", "patient": "in", "with": {"identifier": "ins"}`,
	`"event": "A05", "patient": "in"`,
	`"event": "A38", "patient": "in"`,
	`"event": "A14", "patient": "in", "with": {"new_stay": {"class": "I"}}`,
	`"event": "A27", "patient": "in"`,
	`"event": "A01", "patient": "in", "with": {"new_stay": {"class": "I"}}`,
	`"event": "A11", "patient": "in"`,
	`"event": "A01", "patient": "in", "with": {"new_stay": {"class": "I", "unit": {"code": "6268", "label": "CHIRURGIE"}}}`,
	`"event": "A02", "patient": "in", "step": "moved", "with": {"stay": {"unit": {"code": "6270", "label": "MÉDECINE"}, "room": "12", "bed": "12F"}}`,
	`"event": "Z99", "patient": "in", "with": {"of": "moved", "stay": {"unit": {"code": "6271", "label": "NÉPHROLOGIE"}}}`,
	`"event": "A12", "patient": "in", "with": {"of": "moved"}`,
	`"event": "A15", "patient": "in", "with": {"planned": "2d"}`,
	`"event": "A26", "patient": "in"`,
	`"event": "A54", "patient": "in", "with": {"doctor": {"family": "MARTIN", "given": "ANNE"}}`,
	`"event": "A55", "patient": "in"`,
	`"event": "A09", "patient": "in", "with": {"temporary": {"code": "6300"}}`,
	`"event": "A33", "patient": "in"`,
	`"event": "A09", "patient": "in"`,
	`"event": "A10", "patient": "in"`,
	`"event": "A32", "patient": "in"`,
	`"event": "A21", "patient": "in"`,
	`"event": "A52", "patient": "in"`,
	`"event": "A21", "patient": "in"`,
	`"event": "A22", "patient": "in"`,
	`"event": "A53", "patient": "in"`,
	`"event": "A22", "patient": "in"`,
	`"event": "A16", "patient": "in"`,
	`"event": "A25", "patient": "in"`,
	`"event": "A03", "patient": "in", "with": {"deceased": "true"}`,
	`"event": "A13", "patient": "in"`,
	`"event": "A03", "patient": "in"`,
	`"event": "A04", "patient": "out", "given": {"stay": {"class": "E"}}`,
	`"event": "A06", "patient": "out", "with": {"stay": {"class": "I"}}`,
	`"event": "A07", "patient": "out", "with": {"stay": {"class": "O"}}`,
	`"event": "A28", "patient": "out", "with": {"second": true}`,
	`"event": "A24", "patient": "out"`,
	`"event": "A37", "patient": "out"`,
	`"event": "A40", "patient": "out", "with": {"keep": true}`,
	`"event": "A44", "patient": "out"`,
}

// Whatever happens is told in messages that a strict receiver takes.
func TestDeskTellsEveryEvent(t *testing.T) {
	for _, d := range []string{"pam-fr-2.11", "pam-fr-2.10"} {
		t.Run(d, func(t *testing.T) {
			dialect, err := pam.DialectByName(d)
			require.NoError(t, err)
			r, err := Start(t.Context(), ServerOptions{Options: Options{Logger: quiet(), Now: noon}})
			require.NoError(t, err)
			defer stop(t, r)
			desk, contacts := startDesk(t, GAMOptions{Addr: r.Addr(), Charset: hl7.UTF8, Dialect: dialect})
			told := map[string]bool{}
			for _, fields := range wards {
				happens(t, desk, "{"+fields+"}")
				c := <-contacts
				require.NoError(t, c.Err, fields)
				require.Equal(t, hl7.AA, c.Ack.Code, "%s: %v", fields, c.Ack.Errors)
				require.EqualValues(t, 1, c.Conn.ID, "one connection carries all")
				told[c.Trigger] = true
			}
			for _, trigger := range pam.Triggers() {
				if trigger != "A08" && trigger != "A49" { // excluded in France, and discouraged
					require.True(t, told[string(trigger)], trigger)
				}
			}
			_, messages := ask(t, desk, "GET", "/messages?state=sent", "")
			require.Equal(t, len(wards), strings.Count(messages, `"state":"sent"`))
			desk.Stop()
		})
	}
}

func TestDeskShowsItsPatients(t *testing.T) {
	desk, _ := startDesk(t, GAMOptions{Addr: "127.0.0.1:1"})
	status, answer := ask(t, desk, "POST", "/patients", `{"patient": "p1", "given": {"patient": {"family": "PAPIN", "given": "JEANNE", "sex": "F"}, "stay": {"class": "E", "room": "3"}}}`)
	require.Equal(t, http.StatusCreated, status, answer)
	happens(t, desk, `[{"event": "A04", "patient": "p1"}, {"event": "A01", "patient": "p2", "step": "in"}, {"event": "A03", "patient": "p2"}]`)
	status, answer = ask(t, desk, "GET", "/patients/p1", "")
	require.Equal(t, http.StatusOK, status)
	var view patientView
	require.NoError(t, json.Unmarshal([]byte(answer), &view))
	require.Equal(t, []string{"PAPIN", "F", "E", "open"}, []string{view.Family, view.Sex, view.Class, view.State})
	require.Len(t, view.Movements, 1)
	require.Len(t, view.Messages, 1)
	require.Equal(t, "A04", view.Messages[0].Event)
	_, answer = ask(t, desk, "GET", "/patients", "")
	require.Equal(t, 2, strings.Count(answer, `"ipp"`))
	_, answer = ask(t, desk, "GET", "/messages?state=waiting", "")
	require.Equal(t, 3, strings.Count(answer, `"control_id"`))
}

// What a request does wrong is told in both languages, with a status for programs.
func TestDeskSaysWhatIsWrong(t *testing.T) {
	desk, _ := startDesk(t, GAMOptions{Addr: "127.0.0.1:1"})
	happens(t, desk, `{"event": "A01", "patient": "p1"}`)
	var many bytes.Buffer
	for range mostEvents + 1 {
		fmt.Fprintf(&many, `,{"event":"A31","patient":"p1"}`)
	}
	for _, tt := range []struct {
		target, body string
		status       int
		says         string
	}{
		{"POST /patients", `{"patient": "p1"}`, 409, "déjà connu"},
		{"POST /patients", `{}`, 400, "un nom de votre choix"},
		{"POST /patients", `{"patient": "p2", "given": {"patient": {"identity": "qualifed"}}}`, 422, "qualifed"},
		{"POST /events", `{"event": "A99", "patient": "p1"}`, 422, "A99"},
		{"POST /events", `{"event": "A03"}`, 400, "un nom de votre choix"},
		{"POST /events", `{"event": "A03", "patient": "p1", "when": "now"}`, 400, "when"},
		{"POST /events", `{"event": "A03", "patient": "p1", "with": {"at": "soon"}}`, 400, "+1h"},
		{"POST /events", `{"event": "A03", "patient": "p1", "with": {"keep": "maybe"}}`, 400, "maybe"},
		{"POST /events", `{"event": "A01", "patient": "p1"}`, 409, "A01"},
		{"POST /events", `{"event": "A03", "patient": "p1"}{}`, 400, "après le JSON"},
		{"POST /events", `[]`, 400, "de 1 à 50"},
		{"POST /events", "[" + many.String()[1:] + "]", 400, "de 1 à 50"},
		{"POST /events", `{"event": "` + strings.Repeat("A", mostBody) + `"}`, 413, "65536"},
		{"POST /events", `{"event": "A03", "patient": "p1", "step": "` + strings.Repeat("s", 65) + `"}`, 400, "step"},
		{"GET /patients/p9", "", 404, "pas connu"},
		{"GET /beds", "", 404, "GET /beds"},
		{"DELETE /patients", "", 404, "DELETE /patients"},
	} {
		t.Run(tt.target+" "+tt.body[:min(60, len(tt.body))], func(t *testing.T) {
			method, path, _ := strings.Cut(tt.target, " ")
			status, answer := ask(t, desk, method, path, tt.body)
			require.Equal(t, tt.status, status, answer)
			var said struct{ Error Text }
			require.NoError(t, json.Unmarshal([]byte(answer), &said))
			require.Contains(t, said.Error.FR, tt.says)
			require.NotEmpty(t, said.Error.EN)
			require.NotEqual(t, said.Error.FR, said.Error.EN)
		})
	}
	r := httptest.NewRequestWithContext(t.Context(), "POST", "/events", strings.NewReader(`{"event": "A03", "patient": "p1"}`))
	r.Header.Set("Content-Type", "text/plain")
	w := httptest.NewRecorder()
	desk.ServeHTTP(w, r)
	require.Equal(t, http.StatusUnsupportedMediaType, w.Code)
}

// A desk takes no more than it can hold, and forgets what is settled first.
func TestDeskIsBounded(t *testing.T) {
	o := newLetterbox(faults{}, 1)
	for i := range mostWaiting {
		require.NoError(t, o.Post(Letter{ControlID: fmt.Sprint(i), Patient: fmt.Sprint(i)}))
	}
	require.Zero(t, o.Room())
	for _, l := range o.letters[:100] {
		l.State = taken
	}
	o.waiting -= 100
	for i := range mostSettled {
		require.NoError(t, o.Post(Letter{ControlID: fmt.Sprint("x", i), Patient: "x"}))
		o.letters[len(o.letters)-1].State = taken
		o.waiting--
	}
	require.NoError(t, o.Post(Letter{ControlID: "last"}))
	require.Len(t, o.letters, mostWaiting-100+mostSettled+1)
	require.Equal(t, "100", o.letters[0].ControlID)

	desk, _ := startDesk(t, GAMOptions{Addr: "127.0.0.1:1"})
	desk.book.mu.Lock()
	defer desk.book.mu.Unlock()
	for i := range mostPatients + 1 {
		_, err := desk.book.enter(fmt.Sprint(i), pam.PatientSpec{}, pam.StaySpec{})
		require.NoError(t, err)
	}
	require.Len(t, desk.book.entries, mostPatients)
	require.Nil(t, desk.book.entries["0"])
}

func FuzzDeskRequest(f *testing.F) {
	for _, fields := range wards {
		f.Add("{" + fields + "}")
	}
	f.Add(`[{"event": "A01", "patient": "p"}, {"event": "A02", "patient": "p", "with": {"at": "+9999d", "start": "-1h"}}]`)
	f.Fuzz(func(t *testing.T, body string) {
		d := &Desk{}
		require.NoError(t, d.open(GAMOptions{Addr: "127.0.0.1:1", Logger: quiet(), Instant: noon(), Charset: hl7.UTF8}))
		status, answer := ask(t, d, "POST", "/events", body)
		require.Contains(t, []int{202, 400, 409, 413, 422}, status, answer)
	})
}
