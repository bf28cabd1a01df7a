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

// ServeHTTP is the way to tell a clerk what happens. It asks nobody who they are,
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
// count from the instant of the generator. What is wrong with a request is told in
// French and English.
func (c *Clerk) ServeHTTP(w http.ResponseWriter, r *http.Request) { c.mux.ServeHTTP(w, r) }

func (c *Clerk) routes() *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /patients", c.postPatient)
	mux.HandleFunc("GET /patients", c.getPatients)
	mux.HandleFunc("GET /patients/{name}", c.getPatient)
	mux.HandleFunc("POST /events", c.postEvents)
	mux.HandleFunc("GET /messages", c.getMessages)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		fail(w, http.StatusNotFound, &requestError{Text: Text{
			"il n'y a rien à « " + r.Method + " " + r.URL.Path + " »", "there is nothing at " + r.Method + " " + r.URL.Path,
		}, hint: Text{"il existe : POST /patients, POST /events, GET /patients, GET /messages", "there are: POST /patients, POST /events, GET /patients, GET /messages"}})
	})
	return mux
}

// A requestError is a request that a clerk cannot do anything with.
type requestError struct {
	Text
	hint Text
}

func (e *requestError) Error() string           { return e.EN }
func (e *requestError) Hint(lang string) string { return e.hint.In(lang) }

// An unpostedError is messages that an outbox could not keep.
type unpostedError struct{ error }

func (e *unpostedError) Unwrap() error { return e.error }

var errOutboxFull = badRequest("la boîte d'envoi est pleine", "the outbox is full")

func badRequest(fr, en string) error { return &requestError{Text: Text{fr, en}} }

// fail writes an error in both languages.
func fail(w http.ResponseWriter, status int, err error) {
	said := Text{err.Error(), err.Error()}
	if e, ok := errors.AsType[interface {
		error
		In(string) string
	}](err); ok {
		said = Text{e.In("fr"), e.In("en")}
	}
	answer := map[string]any{"error": said}
	if e, ok := errors.AsType[interface {
		error
		Hint(string) string
	}](err); ok && e.Hint("en") != "" {
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
	var unposted *unpostedError
	switch {
	case errors.As(err, &tooBig):
		return http.StatusRequestEntityTooLarge
	case errors.Is(err, errOutboxFull), errors.As(err, &unposted):
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

func (c *Clerk) postPatient(w http.ResponseWriter, r *http.Request) {
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
	c.book.mu.Lock()
	defer c.book.mu.Unlock()
	e, err := c.book.enter(q.Patient, q.Given.Patient.spec(), q.Given.Stay.spec())
	if err != nil {
		fail(w, statusOf(err), err)
		return
	}
	answerJSON(w, http.StatusCreated, viewPatient(e))
}

func (c *Clerk) postEvents(w http.ResponseWriter, r *http.Request) {
	body, ok := readBody(w, r)
	if !ok {
		return
	}
	requests, list, err := decodeEvents(body)
	if err != nil {
		fail(w, statusOf(err), err)
		return
	}
	views, err := c.happen(requests)
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
func (c *Clerk) happen(requests []eventRequest) ([]Letter, error) {
	c.book.mu.Lock()
	defer c.book.mu.Unlock()
	if c.outbox.Room() < len(requests) {
		return nil, errOutboxFull
	}
	var letters []Letter
	var failed error
	for i := range requests {
		l, err := c.book.write(&requests[i])
		if err != nil {
			failed = err
			break
		}
		letters = append(letters, l)
	}
	if err := c.outbox.Post(letters...); err != nil {
		return nil, &unpostedError{err}
	}
	return letters, failed
}

func (c *Clerk) getPatients(w http.ResponseWriter, _ *http.Request) {
	c.book.mu.Lock()
	defer c.book.mu.Unlock()
	all := []patientView{}
	for _, name := range c.book.order {
		all = append(all, viewPatient(c.book.entries[name]))
	}
	answerJSON(w, http.StatusOK, all)
}

func (c *Clerk) getPatient(w http.ResponseWriter, r *http.Request) {
	c.book.mu.Lock()
	defer c.book.mu.Unlock()
	e := c.book.entries[r.PathValue("name")]
	if e == nil {
		fail(w, http.StatusNotFound, badRequest("ce patient n'est pas connu", "this patient is not known"))
		return
	}
	v := viewPatient(e)
	v.Movements = viewMovements(e.journey)
	v.Messages = c.outbox.Letters(func(l *Letter) bool { return l.Patient == e.name })
	answerJSON(w, http.StatusOK, v)
}

func (c *Clerk) getMessages(w http.ResponseWriter, r *http.Request) {
	state := r.URL.Query().Get("state")
	all := c.outbox.Letters(func(l *Letter) bool { return state == "" || l.State == state })
	answerJSON(w, http.StatusOK, append([]Letter{}, all...)) // never null
}
