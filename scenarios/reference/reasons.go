package reference

// Why a message changed nothing. The English text also goes into the
// acknowledgement, so it is ASCII.
var (
	unknownPatient = Text{
		FR: "patient inconnu : rien à changer",
		EN: "unknown patient: nothing to change",
	}
	noOpenStay = Text{
		FR: "aucune venue ouverte : rien à changer",
		EN: "no open visit: nothing to change",
	}
	noAdmission = Text{
		FR: "le patient n'est pas hospitalisé : rien à changer",
		EN: "the patient is not admitted: nothing to change",
	}
	noLeave = Text{
		FR: "le patient n'est pas en absence provisoire : rien à changer",
		EN: "the patient is not on leave: nothing to change",
	}
	nothingToCancel = Text{
		FR: "le mouvement à annuler est inconnu : rien à changer",
		EN: "the movement to cancel is unknown: nothing to change",
	}
	nothingToMerge = Text{
		FR: "l'identifiant à fusionner est inconnu : rien à changer",
		EN: "the identifier to merge is unknown: nothing to change",
	}
	nothingToRename = Text{
		FR: "l'identifiant à remplacer est inconnu : rien à changer",
		EN: "the identifier to replace is unknown: nothing to change",
	}
	noSuchAccount = Text{
		FR: "ce dossier n'est pas celui d'un patient connu : rien à changer",
		EN: "no known patient has this account: nothing to change",
	}
	noSuchLink = Text{
		FR: "ces identités ne sont pas liées : rien à changer",
		EN: "these records are not linked: nothing to change",
	}

	admissionOpen = Text{
		FR: "une hospitalisation est déjà ouverte pour ce patient",
		EN: "an admission is already open for this patient",
	}
	identifierInUse = Text{
		FR: "cet identifiant est celui d'un autre patient : une fusion (A40) était attendue",
		EN: "this identifier belongs to another patient: a merge (A40) was due",
	}
	unknownMovement = Text{
		FR: "le mouvement à corriger est inconnu",
		EN: "the movement to correct is unknown",
	}
	knownPatient = Text{
		FR: "ce patient est déjà connu",
		EN: "this patient is already known",
	}
	mergedAway = Text{
		FR: "cet identifiant a été fusionné avec un autre et ne sert plus",
		EN: "this identifier was merged into another one and is out of use",
	}
)
