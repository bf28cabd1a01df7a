package reference

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pamlab/pamlab/hl7/alike"
)

// A Bug is a fault that a DMN, or a GAM, can be given on purpose, so that a scenario can
// show that it catches it. Bugs can be combined.
type Bug struct {
	Name string
	Text Text // what it does wrong
}

// The names of the bugs, by where they sit: in what is decided, in how the
// answer is written, on the wire. Those of how messages are read are in
// wirebugs.go, those of TLS in tlsfaults.go.
const (
	alwaysAA         = "always-aa"
	noERR            = "no-err"
	aeForAR          = "ae-for-ar"
	commitCodes      = "commit-codes"
	skipsChecks      = "skips-checks"
	dropsZ99         = "drops-z99"
	secondAdmission  = "accepts-second-admission"
	refusesDiscards  = "refuses-discards"
	forgetsDuplicate = "forgets-duplicates"
	arForAE          = "ar-for-ae"
	wrongCondition   = "wrong-condition"
	noPlace          = "no-err-place"
	firstFaultOnly   = "first-fault-only"
	anyVersion       = "accepts-any-version"
	anyProcessing    = "accepts-any-processing-id"

	ignoresEnhanced   = "ignores-enhanced-mode"
	noApplicationAck  = "no-application-ack"
	applicationFirst  = "application-ack-first"
	answersDespiteNE  = "answers-despite-ne"
	ignoresConditions = "ignores-ack-conditions"

	wrongMSA2     = "wrong-msa2"
	echoControlID = "echo-control-id"
	constantID    = "constant-control-id"
	noSwap        = "no-swap"
	wrongVersion  = "wrong-version"
	ackTrigger    = "ack-trigger"
	oldERR        = "old-err"
	fillsMSA3     = "fills-msa3"
	latin1AsUTF8  = "latin1-as-utf8"
	questionMarks = "question-marks"
	lineFeeds     = "line-feeds"
	forgetsCR     = "forgets-cr"

	noStartBlock       = "no-start-block"
	noEndBlock         = "no-end-block"
	noFrameCR          = "no-frame-cr"
	garbageBefore      = "garbage-before-answer"
	doubleAnswer       = "double-answer"
	closesAfterAnswer  = "closes-after-answer"
	closesAfterRefusal = "closes-after-refusal"
	slowAnswer         = "slow-answer"
	neverAnswers       = "never-answers"
)

// Bugs returns every bug.
func Bugs() []Bug {
	return slices.Concat([]Bug{
		{alwaysAA, Text{"répond AA à tout, même à ce qu'il n'a pas su lire", "answers AA to everything, even to what it could not read"}},
		{noERR, Text{"refuse sans dire pourquoi : AE ou AR sans segment ERR", "refuses without saying why: AE or AR without an ERR segment"}},
		{aeForAR, Text{"répond AE là où AR est dû : type ou événement inconnu", "answers AE where AR is due: unknown type or event"}},
		{commitCodes, Text{"répond CA, CE ou CR alors que le mode étendu n'est pas demandé", "answers CA, CE or CR although the enhanced mode was not asked for"}},
		{skipsChecks, Text{"accepte un message dont un champ obligatoire manque ou dont les octets sont illisibles", "accepts a message with a required field missing or with bytes that cannot be decoded"}},
		{dropsZ99, Text{"répond AA à toute correction (Z99) sans la traiter, même d'un mouvement inconnu", "answers AA to every correction (Z99) without applying it, even of an unknown movement"}},
		{secondAdmission, Text{"accepte l'admission (A01) d'un patient déjà hospitalisé", "accepts the admission (A01) of a patient who is already admitted"}},
		{refusesDiscards, Text{"répond AE à ce que le profil demande d'ignorer sans erreur", "answers AE to what the profile wants discarded without an error"}},
		{forgetsDuplicate, Text{"traite une seconde fois un message renvoyé à l'identique", "processes a message again that is sent again unchanged"}},
		{arForAE, Text{"répond AR à un contenu fautif, où AE est dû", "answers AR to faulty content, where AE is due"}},
		{wrongCondition, Text{"donne toujours le code 207 (erreur interne), quelle que soit la faute", "always gives code 207 (internal error), whatever the fault"}},
		{noPlace, Text{"ne dit pas où est la faute : ERR-2 vide", "does not say where the fault is: ERR-2 empty"}},
		{firstFaultOnly, Text{"ne rapporte que la première de plusieurs fautes", "reports only the first of several faults"}},
		{anyVersion, Text{"accepte toute version de HL7 annoncée dans MSH-12", "accepts every HL7 version announced in MSH-12"}},
		{anyProcessing, Text{"accepte tout mode de traitement dans MSH-11", "accepts every processing id in MSH-11"}},

		{ignoresEnhanced, Text{"répond en mode original à qui demande le mode étendu (MSH-15, MSH-16)", "answers in original mode when the enhanced one is asked for (MSH-15, MSH-16)"}},
		{noApplicationAck, Text{"n'envoie que l'accusé de dépôt (CA), jamais celui de l'application", "only sends the commit acknowledgement (CA), never that of the application"}},
		{applicationFirst, Text{"envoie l'accusé de l'application avant celui du dépôt", "sends the application acknowledgement before the commit one"}},
		{answersDespiteNE, Text{"envoie les accusés que MSH-15 ou MSH-16 ne veulent pas (NE)", "sends the acknowledgements that MSH-15 or MSH-16 do not want (NE)"}},
		{ignoresConditions, Text{"envoie toujours les accusés que MSH-15 et MSH-16 ne veulent que sous condition (ER, SU)", "always sends the acknowledgements that MSH-15 and MSH-16 want on a condition only (ER, SU)"}},

		{wrongMSA2, Text{"MSA-2 n'est pas le MSH-10 du message reçu", "MSA-2 is not the MSH-10 of the message received"}},
		{echoControlID, Text{"reprend le MSH-10 reçu comme MSH-10 de l'accusé", "uses the MSH-10 received as MSH-10 of the acknowledgement"}},
		{constantID, Text{"tous ses accusés portent le même MSH-10", "all its acknowledgements have the same MSH-10"}},
		{noSwap, Text{"n'échange pas émetteur et destinataire (MSH-3 à MSH-6)", "does not swap sender and receiver (MSH-3 to MSH-6)"}},
		{wrongVersion, Text{"répond toujours en version 2.2", "always answers in version 2.2"}},
		{ackTrigger, Text{"MSH-9 de l'accusé est ACK^A01^ACK_A01", "MSH-9 of the acknowledgement is ACK^A01^ACK_A01"}},
		{oldERR, Text{"écrit ERR dans l'autre forme : celle de 2.3.1 en 2.5, et l'inverse", "writes ERR in the other form: that of 2.3.1 in 2.5, and the reverse"}},
		{fillsMSA3, Text{"écrit un texte dans MSA-3", "writes a text into MSA-3"}},
		{latin1AsUTF8, Text{"répond en Latin-1 en annonçant UNICODE UTF-8", "answers in Latin-1 and announces UNICODE UTF-8"}},
		{questionMarks, Text{"remplace les lettres accentuées par des points d'interrogation", "replaces accented letters by question marks"}},
		{lineFeeds, Text{"termine les segments par LF au lieu de CR", "ends segments with LF instead of CR"}},
		{forgetsCR, Text{"oublie le CR final après le dernier segment", "forgets the final CR after the last segment"}},

		{noStartBlock, Text{"oublie l'octet de début de bloc (VT)", "forgets the start block byte (VT)"}},
		{noEndBlock, Text{"oublie l'octet de fin de bloc (FS)", "forgets the end block byte (FS)"}},
		{noFrameCR, Text{"oublie le CR après l'octet de fin de bloc", "forgets the CR after the end block byte"}},
		{garbageBefore, Text{"envoie des octets parasites avant la réponse", "sends garbage before the answer"}},
		{doubleAnswer, Text{"envoie deux fois la réponse", "sends the answer twice"}},
		{closesAfterAnswer, Text{"ferme la connexion après chaque réponse", "closes the connection after each answer"}},
		{closesAfterRefusal, Text{"ferme la connexion après un refus", "closes the connection after a refusal"}},
		{slowAnswer, Text{"répond en retard", "answers late"}},
		{neverAnswers, Text{"ne répond jamais", "never answers"}},
	}, wireBugs(), tlsBugs())
}

// The layers that a bug can sit in.
const (
	LayerMessage = "message" // what is decided and answered, or told
	LayerWire    = "wire"    // blocks and connections; of a GAM, order and retries
	LayerTLS     = "tls"     // certificates, versions, suites
)

// Layer is where a bug sits.
func (b Bug) Layer() string {
	switch {
	case slices.Contains(namesOf(tlsBugs()), b.Name), slices.Contains(namesOf(gamTLSBugs()), b.Name):
		return LayerTLS
	case slices.Contains(namesOf(wireBugs()), b.Name), slices.Contains(namesOf(gamSendingBugs()), b.Name):
		return LayerWire
	}
	return LayerMessage
}

func bugNames() []string { return namesOf(Bugs()) }

func namesOf(bugs []Bug) []string {
	var names []string
	for _, b := range bugs {
		names = append(names, b.Name)
	}
	return names
}

// ParseBugs reads names of Bugs separated by commas; blanks around them do not
// matter, and an empty list names none. The error is an *UnknownNameError.
func ParseBugs(list string) ([]string, error) { return parseBugs(list, bugNames()) }

// ParseGAMBugs does the same with names of GAMBugs.
func ParseGAMBugs(list string) ([]string, error) { return parseBugs(list, namesOf(GAMBugs())) }

func parseBugs(list string, known []string) ([]string, error) {
	var names []string
	for name := range strings.SplitSeq(list, ",") {
		name = strings.ToLower(strings.TrimSpace(name))
		if name == "" {
			continue
		}
		if !slices.Contains(known, name) {
			return nil, &UnknownNameError{Name: name, Known: known, bug: true}
		}
		names = append(names, name)
	}
	return names, nil
}

// An UnknownNameError is a name of a bug or of a trigger event that does not
// exist.
type UnknownNameError struct {
	Name  string
	Known []string // the names there are

	bug bool
}

// Error says which name is unknown, in English.
func (e *UnknownNameError) Error() string { return e.In("en") }

// In says which name is unknown in lang, "fr" or "en".
func (e *UnknownNameError) In(lang string) string {
	switch {
	case lang == "fr" && e.bug:
		return fmt.Sprintf("défaut inconnu « %s »", e.Name)
	case lang == "fr":
		return fmt.Sprintf("événement inconnu « %s »", e.Name)
	case e.bug:
		return fmt.Sprintf("unknown bug %q", e.Name)
	}
	return fmt.Sprintf("unknown trigger event %q", e.Name)
}

// Hint names the nearest name there is, or all of them.
func (e *UnknownNameError) Hint(lang string) string {
	if near := e.DidYouMean(); near != "" {
		if lang == "fr" {
			return fmt.Sprintf("vouliez-vous dire « %s » ?", near)
		}
		return fmt.Sprintf("did you mean %q?", near)
	}
	if lang == "fr" {
		return "il existe : " + strings.Join(e.Known, ", ")
	}
	return "there are: " + strings.Join(e.Known, ", ")
}

// DidYouMean returns the one name that looks most like the unknown one, or ""
// when none does, or several do equally.
func (e *UnknownNameError) DidYouMean() string {
	best, least := "", max(1, len(e.Name)/3)+1
	for _, name := range e.Known {
		switch d := alike.Distance(e.Name, name); {
		case d < least:
			best, least = name, d
		case d == least:
			best = ""
		}
	}
	return best
}
