package mllp

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
)

// This file is about peers that send something else than blocks with messages.
// The bytes tell better than anything what such a peer is, so an Error quotes
// the first of them, and guesses from them what to do.

// instead describes what came instead of a block with a message: "" if nothing
// did, or nothing that has to be told.
func (e *Error) instead(lang string) string {
	switch e.Kind {
	case BrokenFrame, TooLarge: // the cause says it
		return ""
	}
	var told []string
	for _, o := range e.Oddities {
		if s := o.instead(lang, e.answer); s != "" {
			told = append(told, s)
		}
	}
	return strings.Join(told, pick(lang, " ; ", "; "))
}

// instead tells that an oddity came where a message was awaited, or "".
func (o Oddity) instead(lang string, answer bool) string {
	switch {
	case o.Kind == GarbageBefore && o.Count == 1:
		return fmt.Sprintf(pick(lang, "1 octet est venu hors de tout bloc (%s)", "1 byte came outside any block (%s)"), hex(o.Sample))
	case o.Kind == GarbageBefore:
		return fmt.Sprintf(pick(lang, "%d octets sont venus hors de tout bloc (%s)", "%d bytes came outside any block (%s)"), o.Count, hex(o.Sample))
	case o.Kind == EmptyBlock && o.Count == 1:
		return pick(lang, "un bloc vide est venu", "an empty block came")
	case o.Kind == EmptyBlock:
		return fmt.Sprintf(pick(lang, "%d blocs vides sont venus", "%d empty blocks came"), o.Count)
	case o.Kind == ReleaseTwoCommit && answer:
		return pick(lang,
			"le correspondant envoie un acquittement de transport MLLP version 2 au lieu d'un accusé de réception HL7",
			"the peer sends an MLLP release 2 commit instead of an HL7 acknowledgement")
	case o.Kind == ReleaseTwoCommit:
		return o.In(lang)
	}
	return ""
}

// speaksTLS reports whether the peer sent a TLS record on a plain connection,
// and whether it was an alert in answer to a message.
func (e *Error) speaksTLS() (tls, alert bool) {
	fe, ok := errors.AsType[*FrameError](e.Err)
	if !ok || fe.Kind != FrameTLS {
		return false, false
	}
	for _, o := range e.Oddities {
		if o.Kind == GarbageBefore && bytes.HasPrefix(o.Sample, []byte{recordAlert}) {
			return true, e.answer
		}
	}
	return true, false
}

// insteadHint says what to do about a peer that sends something else than
// blocks with messages, or "".
func (e *Error) insteadHint(lang string) string {
	if tls, _ := e.speaksTLS(); tls && e.answer {
		return pick(lang,
			"ce port attend du TLS : donnez les certificats (tls.ca, tls.cert, tls.key ; --tls-ca, --tls-cert, --tls-key), ou un port sans TLS",
			"this port expects TLS: give the certificates (tls.ca, tls.cert, tls.key; --tls-ca, --tls-cert, --tls-key), or a port without TLS")
	}
	if e.instead("en") == "" {
		return ""
	}
	for _, o := range e.Oddities {
		if hint := o.hint(lang, e.answer); hint != "" {
			return hint
		}
	}
	return ""
}

// hint says what to do about an oddity that came where a block was awaited; as
// an answer to a message, or as the message.
func (o Oddity) hint(lang string, answer bool) string {
	switch {
	case o.Kind == ReleaseTwoCommit:
		return pick(lang,
			"désactivez MLLP version 2 (acquittement de transport) chez le correspondant : IHE emploie la version 1, où seul l'accusé de réception HL7 répond",
			"turn MLLP release 2 (transport acknowledgement) off at the peer: IHE uses release 1, where the HL7 acknowledgement alone answers")
	case o.Kind == EmptyBlock && answer:
		return pick(lang,
			"le correspondant répond sans message : regardez son journal, il n'a sans doute pas pu écrire son accusé de réception",
			"the peer answers without a message: look into its log, it probably could not write its acknowledgement")
	case o.Kind != GarbageBefore:
		return ""
	case bytes.HasPrefix(o.Sample, []byte("HTTP/")), bytes.HasPrefix(o.Sample, []byte("<")):
		return pick(lang,
			"un serveur HTTP semble écouter sur ce port : vérifiez l'adresse et le port MLLP du correspondant",
			"an HTTP server seems to listen on this port: check the peer's address and MLLP port")
	case bytes.Contains(o.Sample, []byte(" HTTP/")), bytes.HasPrefix(o.Sample, []byte("GET /")), bytes.HasPrefix(o.Sample, []byte("POST /")):
		return pick(lang,
			"un client HTTP s'adresse à ce port, qui parle MLLP",
			"an HTTP client speaks to this port, which speaks MLLP")
	case bytes.HasPrefix(o.Sample, []byte("SSH-")):
		return pick(lang,
			"un serveur SSH écoute sur ce port : vérifiez l'adresse et le port MLLP du correspondant",
			"an SSH server listens on this port: check the peer's address and MLLP port")
	case bytes.Contains(o.Sample, []byte("MSH")):
		return pick(lang,
			"le correspondant envoie son message sans début de bloc : chaque message commence par 0x0B et finit par 0x1C 0x0D",
			"the peer sends its message without a start of block: every message begins with 0x0B and ends with 0x1C 0x0D")
	case len(bytes.TrimSpace(o.Sample)) == 0:
		return "" // a line end after the last block says nothing about this one
	}
	return pick(lang,
		"vérifiez que le correspondant parle MLLP sur ce port : un bloc commence par 0x0B",
		"check that the peer speaks MLLP on this port: a block begins with 0x0B")
}
