package scenarios_test

import (
	"bytes"
	"context"
	"encoding/pem"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7/pam"
	"github.com/pamlab/pamlab/mllp"
	"github.com/pamlab/pamlab/mllp/pki"
	"github.com/pamlab/pamlab/scenarios"
)

// renewing is a candidate file with mutual TLS, whose PKI has the identity renewed.
func renewing(t *testing.T) (c *scenarios.Candidate, dir string) {
	t.Helper()
	dir = t.TempDir()
	_, err := pki.Init(dir, pki.Options{})
	require.NoError(t, err)
	_, err = pki.Bad(dir, pki.BadOptions{Only: []string{"renewed"}})
	require.NoError(t, err)
	c = scenarios.NewCandidate()
	c.TLS = &scenarios.TLS{CA: filepath.Join(dir, "ca.pem"), Cert: filepath.Join(dir, "dmn.pem"), Key: filepath.Join(dir, "dmn-key.pem")}
	c.Limits.Handshake = 10 * time.Second
	return c, dir
}

// secure has a hand speak TLS.
func (h *hand) secure(t *testing.T, dir string) {
	t.Helper()
	var err error
	h.client.TLSConfig, err = mllp.Files{
		CA: filepath.Join(dir, "ca.pem"), Cert: filepath.Join(dir, "gam.pem"), Key: filepath.Join(dir, "gam-key.pem"), ServerName: "dmn.test",
	}.ClientConfig()
	require.NoError(t, err)
}

// seen sends a message and returns which identity of a folder it went to.
func (h *hand) seen(dir string, message []byte) string {
	response, err := h.client.Do(context.Background(), message)
	if err != nil {
		return err.Error()
	}
	shown := response.Conn.TLS.PeerCertificates[0]
	for _, name := range []string{"dmn", "bad/renewed"} {
		data, err := os.ReadFile(filepath.Join(dir, name+".pem"))
		if err != nil {
			return err.Error()
		}
		if block, _ := pem.Decode(data); block != nil && bytes.Equal(block.Bytes, shown.Raw) {
			return filepath.Base(name)
		}
	}
	return shown.Subject.String()
}

// A step can change what our listener shows: the connection that is open stays, the
// next one sees it, until another step says something else, whatever comes between.
func TestReceivePresents(t *testing.T) {
	c, dir := renewing(t)
	var saw []string
	events, _ := asGAM(t, c, `steps:
  - {id: before, receive: {event: A28, patient: any}}
  - {id: renewed, receive: {event: A31, present: renewed}, expect: {session: kept}}
  - {id: taken, receive: A31, expect: {session: reopened}}
  - {id: kept, receive: {event: A31, present: default}, expect: {session: kept}}
  - {id: usual, receive: A31, expect: {session: reopened}}
`, func(addr string) {
		h := newHand(t, addr, 1)
		h.secure(t, dir)
		for i, event := range []pam.Trigger{"A28", "A31", "A31", "A31", "A31"} {
			m, err := h.journey.Message(strconv.Itoa(i), event, pam.Change{})
			if err != nil {
				return
			}
			saw = append(saw, h.seen(dir, m.Bytes()))
			if i%2 == 1 {
				_ = h.client.Close() // and what it sends next opens another connection
			}
		}
	})
	require.Equal(t, []string{"before: pass", "renewed: pass", "taken: pass", "kept: pass", "usual: pass"}, stepVerdicts(events), brokenChecks(events))
	require.Equal(t, []string{"dmn", "dmn", "renewed", "renewed", "dmn"}, saw)
}

// What was shown is shown again behind a step that listened by itself.
func TestReceivePresentsBehindAnAccept(t *testing.T) {
	c, dir := renewing(t)
	turns := make(chan int, 3) // one of each time that we listen
	for turn := range cap(turns) {
		turns <- turn
	}
	var saw [3]string
	events, _ := asGAM(t, c, `steps:
  - {id: one, receive: {patient: any, present: renewed}}
  - {id: two, accept: {}, expect: {message: received}}
  - {id: three, receive: {patient: any}}
`, func(addr string) {
		turn := <-turns
		h := newHand(t, addr, uint64(turn+1))
		h.secure(t, dir)
		saw[turn] = h.seen(dir, h.message(t, "A28"))
	})
	require.Equal(t, []string{"one: pass", "two: pass", "three: pass"}, stepVerdicts(events), brokenChecks(events))
	require.Equal(t, []string{"dmn", "renewed"}, saw[1:], "of the first it depends who is quicker")
}

// What is to be shown has to be there, and TLS too.
func TestReceivePresentsNothingThatIsNotThere(t *testing.T) {
	const steps = "steps:\n  - {id: one, receive: {event: A28, present: renewed}}\n"
	for want, bend := range map[string]func(c *scenarios.Candidate){
		`the candidate file has no section "tls"`: func(c *scenarios.Candidate) { c.TLS = nil },
		"`pamlab pki bad`":                        func(c *scenarios.Candidate) { c.TLS.Bad = t.TempDir() },
	} {
		c, _ := renewing(t)
		bend(c)
		events, summary := asGAM(t, c, steps, func(string) {})
		require.Equal(t, 1, summary.Counts[scenarios.NotApplicable])
		for _, e := range events {
			if e.Kind == scenarios.ScenarioFinished {
				require.Contains(t, e.Result.Reason.EN, want)
			}
		}
	}
}
