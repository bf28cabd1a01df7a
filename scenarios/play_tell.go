package scenarios

import (
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/mllp"
)

// messageInfo tells a message of ours.
func messageInfo(it item) *MessageInfo {
	info := &MessageInfo{Data: it.data}
	if m := it.message; m != nil {
		h := m.Header()
		info.Type, info.ControlID, info.Charset = m.Get("MSH-9"), legible(h.ControlID), legible(h.Charset)
	}
	return info
}

func (s *stage) tellConnection(step *Step, conn *mllp.Conn, again bool) {
	info := &ConnectionInfo{State: "opened", Address: s.player.Candidate.Address, TLS: tlsInfo(conn.TLS)}
	if again {
		info.State = "reopened"
	}
	info.shown(step.Connect)
	s.write(Event{Kind: Connection, Step: step.ID, Connection: info})
}

func (s *stage) tellFailure(step *Step, err error) {
	info := &ConnectionInfo{State: "failed", Address: s.player.Candidate.Address}
	info.fault(err)
	var e *mllp.Error
	if errors.As(err, &e) {
		switch e.Kind {
		case mllp.HandshakeRefused:
			info.State = "refused"
		case mllp.PeerClosed:
			info.State = "closed"
		}
	}
	info.shown(step.Connect)
	s.opened = false
	s.write(Event{Kind: Connection, Step: step.ID, Connection: info})
}

// fault tells what ended a connection.
func (info *ConnectionInfo) fault(err error) {
	info.Error = textOf(err)
	if e, ok := errors.AsType[*mllp.Error](err); ok {
		info.Kind, info.Alert = string(e.Kind), e.Alert
	}
}

// shown tells what we showed of ourselves on a connection.
func (info *ConnectionInfo) shown(connect *Connect) {
	if connect != nil {
		info.Identity, info.Offer = connect.Present, connect.Offer.String()
	}
}

func (s *stage) tellAnswer(step *Step, response *mllp.Response, receipt *hl7.Receipt) {
	info := &MessageInfo{Data: response.Payload, LatencyMS: milliseconds(response.Latency)}
	for _, o := range response.Oddities {
		info.Oddities = append(info.Oddities, Text{FR: o.In("fr"), EN: o.In("en")})
	}
	if receipt != nil {
		h := receipt.Message.Header()
		info.Type, info.ControlID, info.Charset = receipt.Message.Get("MSH-9"), legible(h.ControlID), legible(h.Charset)
		for _, o := range receipt.Message.Oddities() {
			info.Oddities = append(info.Oddities, Text{FR: o.In("fr"), EN: o.In("en")})
		}
	}
	s.write(Event{Kind: MessageReceived, Step: step.ID, Message: info})
}

func tlsInfo(state *tls.ConnectionState) *TLSInfo {
	if state == nil {
		return nil
	}
	info := &TLSInfo{Version: tlsVersion(state.Version), Cipher: tls.CipherSuiteName(state.CipherSuite)}
	if len(state.PeerCertificates) > 0 {
		peer := state.PeerCertificates[0]
		sum := sha256.Sum256(peer.Raw)
		notAfter := peer.NotAfter.UTC()
		info.PeerSubject, info.PeerFingerprint, info.PeerNotAfter = peer.Subject.String(), hex.EncodeToString(sum[:]), &notAfter
	}
	return info
}

func tlsVersion(v uint16) string {
	return strings.TrimPrefix(tls.VersionName(v), "TLS ")
}

// textAt puts the place of a step before what is wrong with it.
func textAt(pos Source, err error) *Text {
	place := ""
	if pos.File != "" {
		place = fmt.Sprintf("%s:%d:%d: ", pos.File, pos.Line, pos.Column)
	}
	return &Text{FR: place + inLang(err, "fr"), EN: place + inLang(err, "en")}
}

func textOf(err error) *Text {
	return &Text{FR: inLang(err, "fr"), EN: inLang(err, "en")}
}
