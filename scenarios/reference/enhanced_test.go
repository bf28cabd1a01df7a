package reference

import (
	"context"
	"net"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/mllp"
	"github.com/pamlab/pamlab/mllp/pki"
)

// asking is a message of a trigger event that says in MSH-15 and MSH-16 which
// answers it wants.
func asking(trigger, accept, application string) []byte {
	text := strings.ReplaceAll(adt(v25, trigger, "M1").moved("1").text(), "É", "E")
	if trigger == "broken" {
		text = strings.ReplaceAll(adt(v25, "A01", "M1").of("").text(), "É", "E")
	}
	return []byte(strings.Replace(text, "|2.5||||||", "|2.5|||"+accept+"|"+application+"||", 1))
}

var msa = regexp.MustCompile(`MSA\|(..)\|M1`)

// codes returns MSA-1 of the answers to a message, in their order.
func codes(t *testing.T, opt Options, message []byte) string {
	t.Helper()
	var list []string
	for _, found := range msa.FindAllStringSubmatch(dialogue(t, opt, message), -1) {
		list = append(list, found[1])
	}
	return strings.Join(list, " ")
}

// Each of the two acknowledgements goes out when its field wants it, and only
// then (HL7 table 0155; mllp-ack-tls.md §2.1).
func TestEnhancedMode(t *testing.T) {
	const known, broken, unknown = "A01", "broken", "A99"
	for _, tt := range []struct {
		accept, application string
		known               string // to a message that is taken
		broken              string // to one with faulty content
		unknown             string // to one of an event that nobody knows
	}{
		{"", "", "AA", "AE", "AR"},
		{"NE", "NE", "", "", ""},
		{"", "AL", "AA", "AE", "AR"},
		{"NE", "AL", "AA", "AE", "AR"},
		{"AL", "NE", "CA", "CA", "CR"},
		{"AL", "", "CA", "CA", "CR"},
		{"AL", "AL", "CA AA", "CA AE", "CR"},
		{"ER", "AL", "AA", "AE", "CR"},
		{"SU", "AL", "CA AA", "CA AE", ""},
		{"AL", "ER", "CA", "CA AE", "CR"},
		{"AL", "SU", "CA AA", "CA", "CR"},
		{"NE", "SU", "AA", "", ""},
		{"ER", "ER", "", "AE", "CR"},
	} {
		t.Run(tt.accept+"/"+tt.application, func(t *testing.T) {
			require.Equal(t, tt.known, codes(t, Options{}, asking(known, tt.accept, tt.application)))
			require.Equal(t, tt.broken, codes(t, Options{}, asking(broken, tt.accept, tt.application)))
			require.Equal(t, tt.unknown, codes(t, Options{}, asking(unknown, tt.accept, tt.application)))
		})
	}
}

// enhancedBugs are the bugs that only show in the enhanced mode.
var enhancedBugs = []struct {
	bug                 string
	accept, application string
	want                string
}{
	{ignoresEnhanced, "AL", "AL", "AA"},
	{noApplicationAck, "AL", "AL", "CA"},
	{applicationFirst, "AL", "AL", "AA CA"},
	{answersDespiteNE, "NE", "NE", "CA AA"},
	{ignoresConditions, "ER", "ER", "CA AA"},
}

func TestEnhancedBugs(t *testing.T) {
	for _, tt := range enhancedBugs {
		t.Run(tt.bug, func(t *testing.T) {
			message := asking("A01", tt.accept, tt.application)
			require.Equal(t, tt.want, codes(t, Options{Bugs: []string{tt.bug}}, message))
			require.NotEqual(t, tt.want, codes(t, Options{}, message))
		})
	}
}

// The application acknowledgement may take another way: a connection that the
// DMN opens, over TLS when it speaks TLS itself. It is a message of its own, and
// asks for a commit acknowledgement.
func TestApplicationAckElsewhere(t *testing.T) {
	dir := t.TempDir()
	_, err := pki.Init(dir, pki.Options{})
	require.NoError(t, err)
	file := func(name string) string { return filepath.Join(dir, name) }
	gam := mllp.Files{CA: file("ca.pem"), Cert: file("gam.pem"), Key: file("gam-key.pem")}
	dmn := mllp.Files{CA: file("ca.pem"), Cert: file("dmn.pem"), Key: file("dmn-key.pem")}

	config, err := gam.ServerConfig()
	require.NoError(t, err)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	delivered := make(chan *hl7.Receipt, 1)
	inbox := &mllp.Server{TLSConfig: config, Logger: quiet(), Handler: mllp.HandlerFunc(func(w mllp.ResponseWriter, r *mllp.Request) {
		h, err := hl7.ParseHeader(r.Payload)
		if err != nil {
			return
		}
		receipt, err := hl7.ReadAck(append([]byte(nil), r.Payload...))
		if err != nil {
			return
		}
		_ = w.WriteMessage(hl7.Ack{Code: hl7.CA, ControlID: "C1"}.Append(nil, h))
		delivered <- receipt
	})}
	served := make(chan error, 1)
	go func() { served <- inbox.Serve(l) }()

	r := start(t, ServerOptions{TLS: &dmn, AnswerTo: l.Addr().String()})
	out, err := gam.ClientConfig()
	require.NoError(t, err)
	c := client(t, r.Addr(), out)
	response, err := c.Do(t.Context(), asking("A01", "AL", "AL"))
	require.NoError(t, err)
	commit, err := hl7.ReadAck(response.Payload)
	require.NoError(t, err)
	require.Equal(t, hl7.CA, commit.Code)

	application := <-delivered
	require.Equal(t, hl7.AA, application.Code)
	require.Equal(t, "M1", application.MessageID)
	h := application.Message.Header()
	require.Equal(t, "AL", h.AcceptAck)
	require.Empty(t, h.ApplicationAck)
	require.NotEqual(t, commit.Message.Header().ControlID, h.ControlID)

	require.NoError(t, r.Stop(context.Background()))
	require.NoError(t, inbox.Shutdown(context.Background()))
	require.ErrorIs(t, <-served, mllp.ErrServerClosed)
}
