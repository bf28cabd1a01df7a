package doctor

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/mllp"
)

// probeType is a message type that nobody knows: to be refused, or ignored.
const probeType = "QZZ^Z00"

// probe is a well-formed message that means nothing and names no patient.
func (e *exam) probe() []byte {
	p := e.opt.Partners
	data, err := e.build(hl7.ASCII, p.SendingApplication, p.SendingFacility)
	if err != nil { // a name of the candidate file beyond ASCII
		data, _ = e.build(hl7.UTF8, p.SendingApplication, p.SendingFacility)
	}
	return data
}

// build makes a probe from a sender, in a character set that it declares.
func (e *exam) build(set hl7.Charset, application, facility string) ([]byte, error) {
	e.prober++
	p := e.opt.Partners
	b := hl7.NewBuilder(hl7.StandardDelimiters())
	b.Segment("MSH").
		Field(3, application).Field(4, facility). // names, or HD with their components
		Field(5, p.ReceivingApplication).Field(6, p.ReceivingFacility).
		Text(7, hl7.FormatTime(e.opt.Now(), hl7.PrecisionSecond)).
		Field(9, probeType).Text(10, e.probeID()).Text(11, "P").Text(12, e.opt.Version).
		Text(18, string(set))
	return b.Bytes(set)
}

// probeID is the MSH-10 of the latest probe: other ones in every examination,
// for peers that remember.
func (e *exam) probeID() string {
	return fmt.Sprintf("PROBE%s%02d", e.report.Started.Format("0102150405"), e.prober)
}

// an exchange is a probe and what came of it.
type exchange struct {
	id       string
	response *mllp.Response
	receipt  *hl7.Receipt // nil when the answer is no acknowledgement
	notHL7   error        // why not
	err      *mllp.Error  // nil when it was answered
	answered time.Time    // by our clock
}

// exchange sends a probe over the client.
func (e *exam) exchange(ctx context.Context, client *mllp.Client, data []byte) *exchange {
	x := &exchange{id: e.probeID()}
	response, err := client.Do(ctx, data)
	x.answered = e.opt.Now()
	if err != nil {
		if !errors.As(err, &x.err) {
			x.err = &mllp.Error{Kind: mllp.PeerClosed, Addr: e.used, Err: err}
		}
		return x
	}
	x.response = response
	x.receipt, x.notHL7 = hl7.ReadAck(response.Payload)
	return x
}

// begin sends the first message, once.
func (e *exam) begin(ctx context.Context) *exchange {
	if e.first == nil {
		e.client = e.newClient(e.pair)
		e.first = e.exchange(ctx, e.client, e.probe())
		e.refused = e.first.err != nil && e.first.err.Kind == mllp.HandshakeRefused
	}
	return e.first
}
