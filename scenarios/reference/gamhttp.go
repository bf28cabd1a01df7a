package reference

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"

	"github.com/pamlab/pamlab/hl7/pam"
)

// mostBody bounds what is read of a request.
const mostBody = 64 << 10

// ServeHTTP is the way to tell a desk what happens. It asks nobody who they are,
// so it belongs on a loopback address.
//
//	POST /patients            makes a patient known: {"patient": "p1", "given": {"patient": {"sex": "F"}, "stay": {"class": "E"}}}
//	POST /events              something happens: {"event": "A02", "patient": "p1", "step": "transfer", "with": {"stay": {"unit": {"code": "6270"}}}},
//	                          or a list of such, sent in that order
//	GET  /patients            who is known; /patients/{name} is one of them, with the movements and messages
//	GET  /messages            the outbox; ?state=waiting, sent or parked
//
// The words of given and with are those of the scenario language, and all may be
// left out; a patient whom an event mentions first is made known by it. Durations
// count from the opening of the desk. What is wrong with a request is told in
// French and English.
func (d *Desk) ServeHTTP(w http.ResponseWriter, r *http.Request) { d.mux.ServeHTTP(w, r) }

func (d *Desk) routes() *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /patients", d.postPatient)
	mux.HandleFunc("GET /patients", d.getPatients)
	mux.HandleFunc("GET /patients/{name}", d.getPatient)
	mux.HandleFunc("POST /events", d.postEvents)
	mux.HandleFunc("GET /messages", d.getMessages)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		fail(w, http.StatusNotFound, &requestError{Text: Text{
			"il n'y a rien à « " + r.Method + " " + r.URL.Path + " »", "there is nothing at " + r.Method + " " + r.URL.Path,
		}, hint: Text{"il existe : POST /patients, POST /events, GET /patients, GET /messages", "there are: POST /patients, POST /events, GET /patients, GET /messages"}})
	})
	return mux
}

// A requestError is a request that a desk cannot do anything with.
type requestError struct {
	Text
	hint Text
}

func (e *requestError) Error() string           { return e.EN }
func (e *requestError) Hint(lang string) string { return e.hint.In(lang) }

func badRequest(fr, en string) error { return &requestError{Text: Text{fr, en}} }

// fail writes an error in both languages.
func fail(w http.ResponseWriter, status int, err error) {
	said := Text{err.Error(), err.Error()}
	if e, ok := err.(interface{ In(string) string }); ok {
		said = Text{e.In("fr"), e.In("en")}
	}
	answer := map[string]any{"error": said}
	if e, ok := err.(interface{ Hint(string) string }); ok && e.Hint("en") != "" {
		answer["hint"] = Text{e.Hint("fr"), e.Hint("en")}
	}
	answerJSON(w, status, answer)
}

func answerJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // who asked has gone
}

// statusOf is the status that tells a program what kind of error it is.
func statusOf(err error) int {
	var tooBig *http.MaxBytesError
	var state *pam.StateError
	var request *requestError
	switch {
	case errors.As(err, &tooBig):
		return http.StatusRequestEntityTooLarge
	case errors.Is(err, errOutboxFull):
		return http.StatusServiceUnavailable
	case errors.Is(err, errKnown), errors.As(err, &state):
		return http.StatusConflict
	case errors.As(err, &request):
		return http.StatusBadRequest
	}
	return http.StatusUnprocessableEntity
}

// readBody reads the body of a request. That its type has to be said keeps the pages
// of a browser from posting here.
func readBody(w http.ResponseWriter, r *http.Request) ([]byte, bool) {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		fail(w, http.StatusUnsupportedMediaType, badRequest("il faut du JSON (Content-Type: application/json)", "JSON is needed (Content-Type: application/json)"))
		return nil, false
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, mostBody))
	if err != nil {
		fail(w, statusOf(err), badRequest(fmt.Sprintf("corps illisible, ou de plus de %d octets", mostBody), fmt.Sprintf("the body cannot be read, or has more than %d bytes", mostBody)))
		return nil, false
	}
	return body, true
}

func (d *Desk) postPatient(w http.ResponseWriter, r *http.Request) {
	body, ok := readBody(w, r)
	if !ok {
		return
	}
	var q patientRequest
	err := decode(body, &q)
	if err == nil {
		err = checkName(q.Patient)
	}
	if err != nil {
		fail(w, statusOf(err), err)
		return
	}
	d.book.mu.Lock()
	defer d.book.mu.Unlock()
	e, err := d.book.enter(q.Patient, q.Given.Patient.spec(), q.Given.Stay.spec())
	if err != nil {
		fail(w, statusOf(err), err)
		return
	}
	answerJSON(w, http.StatusCreated, d.viewPatient(e))
}

func (d *Desk) postEvents(w http.ResponseWriter, r *http.Request) {
	body, ok := readBody(w, r)
	if !ok {
		return
	}
	requests, list, err := decodeEvents(body)
	if err != nil {
		fail(w, statusOf(err), err)
		return
	}
	views, err := d.happen(requests)
	switch {
	case err != nil:
		fail(w, statusOf(err), err)
	case list:
		answerJSON(w, http.StatusAccepted, views)
	default:
		answerJSON(w, http.StatusAccepted, views[0])
	}
}

// happen writes the messages of events and posts them together. One that cannot
// be written ends the list, and what came before it is sent: it has happened.
func (d *Desk) happen(requests []eventRequest) ([]messageView, error) {
	d.book.mu.Lock()
	defer d.book.mu.Unlock()
	if err := d.outbox.room(len(requests)); err != nil {
		return nil, err
	}
	var letters []*letter
	var views []messageView
	var failed error
	for i := range requests {
		l, err := d.book.write(&requests[i])
		if err != nil {
			failed = err
			break
		}
		l.state = waiting
		letters, views = append(letters, l), append(views, viewMessage(l))
	}
	d.outbox.post(letters...)
	return views, failed
}

func (d *Desk) getPatients(w http.ResponseWriter, _ *http.Request) {
	d.book.mu.Lock()
	defer d.book.mu.Unlock()
	all := []patientView{}
	for _, name := range d.book.order {
		all = append(all, d.viewPatient(d.book.entries[name]))
	}
	answerJSON(w, http.StatusOK, all)
}

func (d *Desk) getPatient(w http.ResponseWriter, r *http.Request) {
	d.book.mu.Lock()
	defer d.book.mu.Unlock()
	e := d.book.entries[r.PathValue("name")]
	if e == nil {
		fail(w, http.StatusNotFound, badRequest("ce patient n'est pas connu", "this patient is not known"))
		return
	}
	v := d.viewPatient(e)
	v.Movements = viewMovements(e.journey)
	v.Messages = d.messages(func(l *letter) bool { return l.patient == e.name })
	answerJSON(w, http.StatusOK, v)
}

func (d *Desk) getMessages(w http.ResponseWriter, r *http.Request) {
	state := r.URL.Query().Get("state")
	answerJSON(w, http.StatusOK, d.messages(func(l *letter) bool { return state == "" || l.state == state }))
}
