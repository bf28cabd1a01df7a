package reference

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/mllp"
	"github.com/pamlab/pamlab/mllp/mllptest"
)

// A receiver answers the messages of a desk by a script: AA, AE or AR; silence;
// late, an AA after a second; foreign, an AA of another message; cut, the connection closed
// in the place of an answer; then, a cut after an AA. Behind its end, all is AA.
type receiver struct {
	mu     sync.Mutex // of what follows
	script []string
	heard  []string // event and step of patient, and the number of the connection
	ids    map[string][]string
}

func (r *receiver) ServeMLLP(w mllp.ResponseWriter, q *mllp.Request) {
	m, err := hl7.Parse(q.Payload)
	if err != nil {
		return
	}
	event := m.Get("MSH-9.2")
	verdict := r.next(event, q.Conn.ID, m.Get("MSH-10"))
	ack := hl7.Ack{Code: hl7.AA, ControlID: "ack", Time: time.Now()}
	h := m.Header()
	switch verdict {
	case "silence":
		<-q.Context().Done()
		return
	case "late":
		wait(q.Context(), time.Second)
	case "foreign":
		h.ControlID = "another"
	case "cut":
		w.CloseAfter()
		return
	case "then":
		w.CloseAfter()
	default:
		ack.Code = hl7.AckCode(verdict)
	}
	_ = w.WriteMessage(ack.Append(nil, h))
}

// next notes a message and tells what comes of it.
func (r *receiver) next(event string, conn uint64, id string) (verdict string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.heard = append(r.heard, fmt.Sprintf("%s@%d", event, conn))
	r.ids[event] = append(r.ids[event], id)
	verdict = "AA"
	if len(r.script) > 0 {
		verdict, r.script = r.script[0], r.script[1:]
	}
	return verdict
}

// errands has a desk with bugs send messages to a receiver and returns what that
// heard. Nobody listens for the first while. after is how much time passes.
func errands(t *testing.T, bugs, script, events string, after time.Duration) (r *receiver, states []string) {
	r = &receiver{script: strings.Fields(script), ids: map[string][]string{}}
	synctest.Test(t, func(t *testing.T) {
		network := mllptest.NewNetwork()
		server := &mllp.Server{Handler: r, Logger: quiet(), IdleTimeout: -1}
		served := make(chan error, 1)
		go func() { served <- server.Serve(network) }()
		d := &Desk{}
		var names []string
		if bugs != "" {
			names = []string{bugs}
		}
		require.NoError(t, d.open(GAMOptions{Addr: "desk.test:2575", Logger: quiet(), Instant: noon(), Bugs: names}))
		d.line.network = network.Dial
		ctx, cancel := context.WithCancel(t.Context())
		d.begin(ctx)
		for at := range strings.SplitSeq(events, ";") { // of one instant each
			var list []string
			for event := range strings.FieldsSeq(at) {
				event, patient, _ := strings.Cut(event, ":")
				list = append(list, fmt.Sprintf(`{"event": %q, "patient": "p%s"}`, event, patient))
			}
			happens(t, d, "["+strings.Join(list, ",")+"]")
			synctest.Wait()
		}
		time.Sleep(after)
		synctest.Wait()
		for _, l := range d.outbox.Letters(func(*Letter) bool { return true }) {
			states = append(states, l.Event+" "+l.State)
		}
		cancel()
		d.Stop()
		_ = server.Close()
		<-served
	})
	return r, states
}

// tried are the bugs that a test has switched on.
var tried = map[string]bool{gamDoesNotWait: true}

// What a desk makes of answers, and what each bug makes of them.
func TestDeskSends(t *testing.T) {
	const usual = "A01@1 A02@1 A03@1"
	for _, tt := range []struct {
		bug, script, events string
		heard, states       string
	}{
		{"", "", "A01 A02 A03", usual, "A01 sent, A02 sent, A03 sent"},
		{"", "AE", "A01 A02 A31:2", "A01@1 A02@1 A31@1", "A01 parked, A02 sent, A31 sent"},
		{"", "AR AR", "A01 A02 A31:2", "A01@1 A31@1 A01@1 A02@1 A31@1", "A01 sent, A02 sent, A31 sent"}, // each is told once to come back
		{"", "silence", "A01 A02", "A01@1 A01@2 A02@2", "A01 sent, A02 sent"},
		{"", "late", "A01 A02", "A01@1 A02@1", "A01 sent, A02 sent"},
		{"", "foreign", "A01 A02", "A01@1 A01@2 A02@2", "A01 sent, A02 sent"},
		{"", "cut", "A01 A02", "A01@1 A01@2 A02@2", "A01 sent, A02 sent"},
		{"", "then", "A01 A02", "A01@1 A02@2", "A01 sent, A02 sent"},
		{"", strings.Repeat("AR ", mostAttempts), "A01 A02", strings.Repeat("A01@1 ", mostAttempts) + "A02@1", "A01 parked, A02 sent"},

		{gamWrongOrder, "late", "A01; A02 A03", "A01@1 A03@1 A02@1", "A01 sent, A02 sent, A03 sent"},
		{gamOvertakes, "AR", "A01 A02", "A01@1 A02@1 A01@1", "A01 sent, A02 sent"},
		{gamResendsRefused, "AE", "A01 A02", "A01@1 A01@1 A02@1", "A01 sent, A02 sent"},
		{gamNeverRetries, "AR", "A01 A02", "A01@1 A02@1", "A01 parked, A02 sent"},
		{gamNeverRetries, "silence", "A01 A02", "A01@1 A02@2", "A01 parked, A02 sent"},
		{gamNeverRetries, "cut", "A01 A02", "A01@1 A02@2", "A01 parked, A02 sent"},
		{gamNewIDOnRetry, "AR", "A01 A02", "A01@1 A01@1 A02@1", "A01 sent, A02 sent"},
		{gamLosesAfterRefusal, "AE", "A01 A02 A03 A31:2", "A01@1 A03@1 A31@1", "A01 parked, A02 parked, A03 sent, A31 sent"},
		{gamLosesAfterRefusal, "AE", "A01; A02; A03", "A01@1 A03@1", "A01 parked, A02 parked, A03 sent"},
		{gamStopsAfterRefusal, "AE", "A01; A31:2", "A01@1", "A01 parked, A31 waiting"},
		{gamConnectionPerMessage, "", "A01 A02", "A01@1 A02@2", "A01 sent, A02 sent"},
		{gamDoesNotWait, "cut", "A01 A02", "A01@1 A01@2 A02@2", "A01 sent, A02 sent"},
		{gamImpatient, "late", "A01 A02", "A01@1 A01@2 A02@2", "A01 sent, A02 sent"},
		{gamTakesAnyAnswer, "foreign", "A01 A02", "A01@1 A02@1", "A01 sent, A02 sent"},
		{gamNeverReconnects, "then", "A01 A02", "A01@1", "A01 sent, A02 waiting"},
	} {
		t.Run(strings.TrimSpace(tt.bug+" "+tt.script), func(t *testing.T) {
			tried[tt.bug] = true
			r, states := errands(t, tt.bug, tt.script, tt.events, 20*time.Minute)
			require.Equal(t, tt.heard, strings.Join(r.heard, " "))
			require.Equal(t, tt.states, strings.Join(states, ", "))
			for event, ids := range r.ids {
				slices.Sort(ids)
				distinct := len(slices.Compact(ids))
				require.Equal(t, tt.bug == gamNewIDOnRetry && event == "A01", distinct > 1, "a message keeps its MSH-10")
			}
		})
	}
	for _, b := range gamSendingBugs() {
		require.True(t, tried[b.Name], "bug %s has no test", b.Name)
	}
}

// The next message is on its way before the first is answered.
func TestDeskThatDoesNotWait(t *testing.T) {
	for _, bug := range []string{"", gamDoesNotWait} {
		synctest.Test(t, func(t *testing.T) {
			network := mllptest.NewNetwork()
			d := &Desk{}
			opt := GAMOptions{Addr: "desk.test:2575", Logger: quiet(), Instant: noon()}
			if bug != "" {
				opt.Bugs = []string{bug}
			}
			require.NoError(t, d.open(opt))
			d.line.network = network.Dial
			d.begin(t.Context())
			defer d.Stop()
			happens(t, d, `[{"event": "A01", "patient": "p"}, {"event": "A03", "patient": "p"}]`)
			conn, err := network.Accept()
			require.NoError(t, err)
			defer conn.Close()
			var heard int
			go func() {
				r := mllp.NewReader(conn, 0)
				for {
					if _, err := r.ReadFrame(); err != nil {
						return
					}
					heard++
				}
			}()
			time.Sleep(time.Second)
			synctest.Wait()
			require.Equal(t, map[string]int{"": 1, gamDoesNotWait: 2}[bug], heard)
		})
	}
}

// Each bug of the content changes one message, and leaves the others as they are.
func TestBugsOfContent(t *testing.T) {
	const admitted = `{"event": "A01", "patient": "p", "step": "in", "given": {"patient": {"identity": "qualified", "usual_name": "Noël"}, "stay": {"class": "I"}}}`
	const moved = `{"event": "A02", "patient": "p", "step": "moved", "with": {"at": "4h", "stay": {"unit": {"code": "6270"}}}}`
	const registered = `{"event": "A04", "patient": "p", "given": {"stay": {"class": "E"}}}`
	for _, tt := range []struct {
		bug    string
		events []string // of which the last one is looked at
		path   string
		usual  string // "*" is anything
		bent   string // "*" is something else
	}{
		{gamNoZBE, []string{admitted}, "ZBE-1.1", "*", ""},
		{gamReusesZBE1, []string{admitted, moved}, "ZBE-1.1", "*", "*"},
		{gamReusesZBE1, []string{admitted}, "ZBE-1.1", "*", "same"},
		{gamA08ForZ99, []string{admitted, moved, `{"event": "Z99", "patient": "p", "with": {"stay": {"bed": "2"}}}`}, "MSH-9.2", "Z99", "A08"},
		{gamA08ForZ99, []string{admitted, moved}, "MSH-9.2", "A02", "A02"},
		{gamWrongClass, []string{admitted}, "PV1-2", "I", "O"},
		{gamWrongClass, []string{registered}, "PV1-2", "E", "I"},
		{gamWrongClass, []string{`{"event": "A28", "patient": "p"}`}, "PV1-2", "N", "N"},
		{gamCancelsUnknown, []string{admitted, moved, `{"event": "A12", "patient": "p"}`}, "ZBE-1.1", "*", "*"},
		{gamCancelsUnknown, []string{admitted, moved}, "ZBE-1.1", "*", "same"},
		{gamNeverHistoric, []string{admitted, moved, `{"event": "A02", "patient": "p", "with": {"start": "2h", "stay": {"unit": {"code": "6271"}}}}`}, "ZBE-5", "Y", "N"},
		{gamForgetsPlaceLeft, []string{admitted, moved}, "PV1-6", "*", ""},
		{gamINSWithoutVALI, []string{admitted}, "PID-32", "VALI", "PROV"},
		{gamINSWithoutVALI, []string{registered[:len(registered)-1] + `, "with": {"patient": {"identity": "validated"}}}`}, "PID-32", "VALI", "VALI"},
		{gamMergesBackwards, []string{admitted, `{"event": "A40", "patient": "p"}`}, "MRG-1.1", "*", "*"},
		{gamMergesBackwards, []string{admitted, `{"event": "A40", "patient": "p"}`}, "PID-3[.5=PI].1", "*", "*"},
		{gamConstantID, []string{admitted}, "MSH-10", "*", "1"},
		{gamLatin1AsUTF8, []string{admitted}, "PID-5(2).1", "*", "*"},
		{gamForgetsCharset, []string{admitted}, "MSH-18", "UNICODE UTF-8", ""},
	} {
		t.Run(tt.bug+" "+tt.path, func(t *testing.T) {
			usual, bent := content(t, "", tt.events), content(t, tt.bug, tt.events)
			if tt.usual != "*" {
				require.Equal(t, tt.usual, usual.Get(tt.path))
			}
			require.NotEmpty(t, usual.Get(tt.path))
			switch tt.bent {
			case "*":
				require.NotEmpty(t, bent.Get(tt.path))
				require.NotEqual(t, usual.Get(tt.path), bent.Get(tt.path))
			case "same":
				require.Equal(t, usual.Get(tt.path), bent.Get(tt.path))
			default:
				require.Equal(t, tt.bent, bent.Get(tt.path))
			}
			tried[tt.bug] = true
		})
	}
	for _, b := range gamContentBugs() {
		require.True(t, tried[b.Name], "bug %s has no test", b.Name)
		_, there := spoilers[b.Name]
		require.True(t, there, b.Name)
	}
	require.Len(t, spoilers, len(gamContentBugs()))
}

// content is the message of the last of some events.
func content(t *testing.T, bug string, events []string) *hl7.Message {
	t.Helper()
	d := &Desk{}
	opt := GAMOptions{Addr: "desk.test:2575", Logger: quiet(), Instant: noon(), Charset: hl7.UTF8}
	if bug != "" {
		opt.Bugs = []string{bug}
	}
	require.NoError(t, d.open(opt))
	for _, e := range events {
		happens(t, d, e)
	}
	last := d.outbox.letters[len(events)-1]
	m, err := hl7.Parse(last.Message)
	require.NoError(t, err)
	require.Equal(t, last.ControlID, m.Get("MSH-10"))
	return m
}

func TestSpoiler(t *testing.T) {
	s, err := NewSpoiler([]string{gamConstantID, gamWrongOrder})
	require.NoError(t, err)
	require.Equal(t, "MSH|^~\\&|||||||ADT^A01|1\r", string(s.Spoil([]byte("MSH|^~\\&|||||||ADT^A01|77\r"))))
	require.Equal(t, "nothing", string(s.Spoil([]byte("nothing"))))
	_, err = NewSpoiler([]string{"gam-no-zeb"})
	var unknown *UnknownNameError
	require.ErrorAs(t, err, &unknown)
	require.Equal(t, gamNoZBE, unknown.DidYouMean())
}
