package capture

import "fmt"

// Kind says what an [Error] is about, for programs; people read the sentence.
type Kind string

// The kinds of errors of this package.
const (
	KindGarbage    Kind = "garbage"    // bytes that belong to no message
	KindTruncated  Kind = "truncated"  // the frame has no end; its message was returned just before
	KindTooLarge   Kind = "too-large"  // a message is longer than the limit, and was passed over
	KindUTF16      Kind = "utf-16"     // garbage in a character set that HL7 cannot be in
	KindXML        Kind = "xml"        // garbage that is XML: HL7 v3, CDA, or HL7 v2 in XML
	KindJSON       Kind = "json"       // garbage that is JSON
	KindFHIR       Kind = "fhir"       // garbage that is FHIR, in XML or JSON
	KindCompressed Kind = "compressed" // the stream is an archive or compressed; nothing of it is read
	KindPackets    Kind = "packets"    // the stream is a capture of network packets; nothing of it is read
)

// An Error tells of something in the stream that is not a message. It is not
// the end: see [Reader.Next].
type Error struct {
	Kind   Kind
	Offset int64 // in the stream, of the first byte
	Line   int   // of that byte, from 1
	Size   int64 // in bytes, without blanks at the end; 0 when nothing of it was read
	// Sample is how it begins, 256 bytes at the most. It may be of a patient: keep
	// it out of technical logs, like the sentences, which quote its first bytes.
	Sample []byte

	limit int // that was passed
}

// Error returns the English sentence: the place, then the fault.
func (e *Error) Error() string { return e.In("en") }

// In returns the sentence in a language, "fr" or "en"; any other is read as
// English.
func (e *Error) In(lang string) string {
	if lang == "fr" {
		return fmt.Sprintf("octet %d (ligne %d) : %s", e.Offset, e.Line, e.french())
	}
	return fmt.Sprintf("byte %d (line %d): %s", e.Offset, e.Line, e.english())
}

func (e *Error) english() string {
	unit, verb := "bytes", "belong"
	if e.Size == 1 {
		unit, verb = "byte", "belongs"
	}
	switch e.Kind {
	case KindGarbage:
		return fmt.Sprintf("%d %s %s to no message: %s", e.Size, unit, verb, e.excerpt())
	case KindTruncated:
		return fmt.Sprintf("the MLLP frame has no end (0x1C 0x0D), it stops after %d %s", e.Size, unit)
	case KindTooLarge:
		return fmt.Sprintf("a message of %d %s is over the limit of %d and was not read", e.Size, unit, e.limit)
	case KindCompressed:
		return "the input is compressed"
	case KindPackets:
		return "the input is a capture of network packets (pcap)"
	}
	return fmt.Sprintf("%d %s of %s, not an HL7 message: %s", e.Size, unit, e.format(), e.excerpt())
}

func (e *Error) french() string {
	unit, verb := "octets", "n'appartiennent"
	if e.Size <= 1 {
		unit, verb = "octet", "n'appartient"
	}
	switch e.Kind {
	case KindGarbage:
		return fmt.Sprintf("%d %s %s à aucun message : %s", e.Size, unit, verb, e.excerpt())
	case KindTruncated:
		return fmt.Sprintf("le bloc MLLP n'a pas de fin (0x1C 0x0D), il s'arrête après %d %s", e.Size, unit)
	case KindTooLarge:
		return fmt.Sprintf("un message de %d %s dépasse la limite de %d et n'a pas été lu", e.Size, unit, e.limit)
	case KindCompressed:
		return "l'entrée est compressée"
	case KindPackets:
		return "l'entrée est une capture de paquets réseau (pcap)"
	case KindUTF16:
		return fmt.Sprintf("%d %s en UTF-16, et non un message HL7 : %s", e.Size, unit, e.excerpt())
	}
	return fmt.Sprintf("%d %s de %s, et non un message HL7 : %s", e.Size, unit, e.format(), e.excerpt())
}

// format is the proper name of what the bytes are.
func (e *Error) format() string {
	switch e.Kind {
	case KindUTF16:
		return "UTF-16"
	case KindXML:
		return "XML"
	case KindJSON:
		return "JSON"
	case KindFHIR:
		return "FHIR"
	}
	return string(e.Kind)
}

// excerpt quotes the first bytes.
func (e *Error) excerpt() string {
	const most = 24
	if len(e.Sample) > most {
		return fmt.Sprintf("%q…", e.Sample[:most])
	}
	return fmt.Sprintf("%q", e.Sample)
}

// Hint says what can be done about the error.
func (e *Error) Hint(lang string) string {
	h := e.hint()
	if lang == "fr" {
		return h.fr
	}
	return h.en
}

type hint struct{ en, fr string }

func (e *Error) hint() hint {
	switch e.Kind {
	case KindGarbage:
		if e.hidesMessage() {
			return hint{
				en: "MSH is not at the beginning of its line: take off what stands before it, such as the date of a log",
				fr: "MSH n'est pas en début de ligne : ôtez ce qui le précède, par exemple la date d'un journal"}
		}
		return hint{
			en: `a message begins with MSH|^~\& at the beginning of a line or of an MLLP frame`,
			fr: `un message commence par MSH|^~\& en début de ligne ou de bloc MLLP`}
	case KindTruncated:
		return hint{
			en: "the capture was cut there, or the sender stopped in the middle; the fragment that had come is not judged",
			fr: "la capture a été coupée là, ou l'émetteur s'est arrêté au milieu ; le fragment qui était arrivé n'est pas jugé"}
	case KindTooLarge:
		return hint{
			en: "raise the limit if the message is meant to be so large; if not, look whether the end of its frame (0x1C 0x0D) is missing",
			fr: "relevez la limite si le message doit être aussi grand ; sinon, vérifiez si la fin de son bloc (0x1C 0x0D) ne manque pas"}
	case KindUTF16:
		return hint{
			en: "convert it to UTF-8 without byte order mark, or to ISO 8859-15, and say so in MSH-18",
			fr: "convertissez-le en UTF-8 sans marque d'ordre des octets, ou en ISO 8859-15, et indiquez-le dans MSH-18"}
	case KindXML, KindJSON:
		return hint{
			en: `only the traditional encoding of HL7 v2 (ER7, MSH|^~\&|…) is read: export the messages in it`,
			fr: `seul l'encodage traditionnel de HL7 v2 (ER7, MSH|^~\&|…) est lu : exportez les messages sous cette forme`}
	case KindFHIR:
		return hint{
			en: `FHIR is another standard: only HL7 v2 in its traditional encoding (ER7, MSH|^~\&|…) is read`,
			fr: `FHIR est un autre standard : seul HL7 v2 dans son encodage traditionnel (ER7, MSH|^~\&|…) est lu`}
	case KindCompressed:
		return hint{
			en: "unpack it first, for instance: gzip -dc capture.gz | pamlab validate -",
			fr: "décompressez-la d'abord, par exemple : gzip -dc capture.gz | pamlab validate -"}
	case KindPackets:
		return hint{
			en: "export the bytes of each connection first: in Wireshark, Follow > TCP Stream, show as Raw, save",
			fr: "exportez d'abord les octets de chaque connexion : dans Wireshark, Suivre > Flux TCP, afficher en brut, enregistrer"}
	}
	return hint{}
}

// hidesMessage says whether a message seems to begin in the middle of a line.
func (e *Error) hidesMessage() bool {
	for rest := e.Sample; len(rest) > 0; rest = rest[1:] {
		if startsMessage(rest) {
			return true
		}
	}
	return false
}
