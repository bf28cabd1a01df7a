package inspect

import (
	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/hl7/pam/rules"
)

// remembered is how many messages back the one that an acknowledgement answers
// is looked for. On a connection that is the one before; captures of many
// connections mix some.
const remembered = 1024

// pairs remembers the MSH of the last messages by MSH-10. It grows with them:
// most runs have few.
type pairs struct {
	ring [][]byte
	ids  []string
	next int
	byID map[string]int
}

// pair notes a message, or judges an acknowledgement again together with the
// message that it answers.
func (p *pairs) pair(j *rules.Judge, r *rules.Report) {
	h := r.Header()
	if h.Type != "ACK" && h.Type != "MCF" {
		p.note(r.Message(), h.ControlID)
		return
	}
	receipt, err := hl7.ReadAck(r.Message().Bytes())
	if err != nil {
		return
	}
	i, ok := p.byID[receipt.MessageID]
	if !ok || receipt.MessageID == "" {
		return
	}
	if sent, err := hl7.Parse(p.ring[i]); err == nil {
		j.Ack(r, r.Message(), sent)
	}
}

// mostMSH bounds what is remembered of one message, in bytes: the ring would
// grow with whatever somebody sends as a header.
const mostMSH = 4 << 10

func (p *pairs) note(m *hl7.Message, id string) {
	header := m.Segment(0).Raw()
	if id == "" || len(header) > mostMSH {
		return
	}
	if p.byID == nil {
		p.byID = map[string]int{}
	}
	i := p.next
	if i == len(p.ring) {
		p.ring, p.ids = append(p.ring, nil), append(p.ids, "")
	}
	p.next = (p.next + 1) % remembered
	if old := p.ids[i]; old != "" && p.byID[old] == i {
		delete(p.byID, old)
	}
	p.ring[i] = append(p.ring[i][:0], header...)
	p.ids[i] = id
	p.byID[id] = i
}
