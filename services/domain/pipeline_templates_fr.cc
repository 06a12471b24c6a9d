// The templates in French.

#include "services/domain/pipeline_template_texts.h"

namespace dealog::domain {
namespace {

constexpr auto kWon = v1::Stage::WON;
constexpr auto kLost = v1::Stage::LOST;
constexpr auto kOpen = v1::Stage::OPEN;

TemplateText Sales() {
  return {"sales-fr",
          "Vente : le pipeline par défaut, du nouveau contact à la décision.",
          {
              {"Nouveau contact",
               kOpen,
               "Savoir qui c'est et d'où il vient.",
               {"Compléter la fiche", "Choisir un responsable"},
               0.05,
               7},
              {"Premier contact",
               kOpen,
               "Établir le lien et obtenir un rendez-vous.",
               {"Appeler ou écrire sous 24 heures", "Proposer un appel découverte"},
               0.1,
               7},
              {"Appel découverte",
               kOpen,
               "Comprendre le besoin, le budget, le délai et qui décide.",
               {"Mener l'appel", "Noter besoin, budget et échéance"},
               0.2,
               14},
              {"Proposition envoyée",
               kOpen,
               "Obtenir un avis sur une proposition claire.",
               {"Envoyer la proposition", "Fixer la date de relance"},
               0.4,
               14},
              {"Négociation",
               kOpen,
               "Lever les dernières objections et convenir d'une date de décision.",
               {"Traiter les objections", "Confirmer les conditions par écrit"},
               0.6,
               21},
              {"Gagné",
               kWon,
               "Tenir la promesse faite et préparer la suite.",
               {"Remercier", "Lancer le démarrage"}},
              {"Perdu",
               kLost,
               "Comprendre pourquoi, et savoir quand revenir.",
               {"Noter la raison", "Convenir d'une reprise de contact"}},
          }};
}

TemplateText CoachingIndividual() {
  return {"coaching-individual-fr",
          "Coaching individuel : de la prise de contact à l'engagement, avec une séance "
          "offerte.",
          {
              {"Nouveau contact", kOpen, "Accueillir la demande.", {"Répondre sous 24 heures"}},
              {"Appel découverte",
               kOpen,
               "Comprendre l'objectif de la personne.",
               {"Mener l'appel", "Noter l'objectif"}},
              {"Séance offerte proposée",
               kOpen,
               "Faire accepter une séance d'essai.",
               {"Proposer deux créneaux"}},
              {"Séance offerte réalisée",
               kOpen,
               "Faire vivre le coaching et recueillir le ressenti.",
               {"Mener la séance", "Demander un retour"}},
              {"Proposition envoyée",
               kOpen,
               "Présenter un accompagnement adapté.",
               {"Envoyer la proposition"}},
              {"Décision en cours",
               kOpen,
               "Accompagner la décision sans presser.",
               {"Relancer à la date convenue"}},
              {"Gagné",
               kWon,
               "Tenir la promesse faite et préparer la suite.",
               {"Remercier", "Lancer le démarrage"}},
              {"Perdu",
               kLost,
               "Comprendre pourquoi, et savoir quand revenir.",
               {"Noter la raison", "Convenir d'une reprise de contact"}},
          }};
}

TemplateText CoachingCompany() {
  return {"coaching-company-fr",
          "Coaching d'équipe et d'entreprise : du lead entrant au contrat, avec un diagnostic.",
          {
              {"Lead entrant",
               kOpen,
               "Enregistrer la demande et son origine.",
               {"Compléter la fiche de l'entreprise"}},
              {"Qualification",
               kOpen,
               "Vérifier l'enjeu, le budget et le calendrier.",
               {"Appeler le demandeur"}},
              {"Rencontre décideur",
               kOpen,
               "Rencontrer la personne qui décide.",
               {"Organiser le rendez-vous", "Préparer les questions"}},
              {"Diagnostic proposé",
               kOpen,
               "Faire accepter un diagnostic.",
               {"Envoyer la note de cadrage"}},
              {"Diagnostic réalisé",
               kOpen,
               "Partager un constat commun.",
               {"Mener les entretiens", "Restituer le diagnostic"}},
              {"Proposition commerciale",
               kOpen,
               "Chiffrer l'accompagnement.",
               {"Envoyer la proposition", "Fixer la date de réponse"}},
              {"Négociation",
               kOpen,
               "Convenir du périmètre et des conditions.",
               {"Traiter les objections"}},
              {"Gagné",
               kWon,
               "Tenir la promesse faite et préparer la suite.",
               {"Remercier", "Lancer le démarrage"}},
              {"Perdu",
               kLost,
               "Comprendre pourquoi, et savoir quand revenir.",
               {"Noter la raison", "Convenir d'une reprise de contact"}},
          }};
}

TemplateText Koban() {
  return {"koban-fr",
          "Vente aux entreprises en cinq étapes, de la qualification à la prise de décision.",
          {
              {"Qualification",
               kOpen,
               "Vérifier que le besoin, le budget et le délai existent.",
               {"Qualifier le prospect"}},
              {"Rendez-vous de découverte",
               kOpen,
               "Faire parler le client de ses enjeux.",
               {"Préparer le rendez-vous", "Rédiger le compte rendu"}},
              {"Proposition",
               kOpen,
               "Répondre au besoin par une offre chiffrée.",
               {"Envoyer le devis"}},
              {"Négociation et suivi",
               kOpen,
               "Suivre le devis et lever les objections.",
               {"Relancer le devis", "Traiter les objections"}},
              {"Prise de décision",
               kOpen,
               "Obtenir une réponse à la date convenue.",
               {"Confirmer la date de décision"}},
              {"Gagné",
               kWon,
               "Tenir la promesse faite et préparer la suite.",
               {"Remercier", "Lancer le démarrage"}},
              {"Perdu",
               kLost,
               "Comprendre pourquoi, et savoir quand revenir.",
               {"Noter la raison", "Convenir d'une reprise de contact"}},
          }};
}

TemplateText Funnel() {
  return {
      "funnel-fr",
      "Les étapes classiques d'un cycle de vente, de la prospection à la clôture.",
      {
          {"Prospection", kOpen, "Trouver des clients possibles.", {"Identifier l'interlocuteur"}},
          {"Qualification",
           kOpen,
           "Retenir ceux dont le besoin est réel.",
           {"Vérifier besoin et budget"}},
          {"Présentation", kOpen, "Montrer la solution.", {"Faire la démonstration"}},
          {"Négociation", kOpen, "Convenir des conditions.", {"Traiter les objections"}},
          {"Clôture", kOpen, "Obtenir la signature.", {"Envoyer le contrat"}},
          {"Gagné",
           kWon,
           "Tenir la promesse faite et préparer la suite.",
           {"Remercier", "Lancer le démarrage"}},
          {"Perdu",
           kLost,
           "Comprendre pourquoi, et savoir quand revenir.",
           {"Noter la raison", "Convenir d'une reprise de contact"}},
      }};
}

TemplateText SingingClub() {
  return {"singing-club-fr",
          "Club de chant : du nouveau prospect à l'inscription, par un cours d'essai.",
          {
              {"Nouveau prospect",
               kOpen,
               "Répondre à la demande de cours d'essai.",
               {"Envoyer le message de bienvenue", "Proposer une date"}},
              {"Cours d'essai planifié",
               kOpen,
               "Faire venir la personne.",
               {"Envoyer un rappel la veille"}},
              {"Cours d'essai réalisé",
               kOpen,
               "Recueillir l'envie de continuer.",
               {"Demander un retour", "Présenter les formules"}},
              {"Inscription confirmée",
               kWon,
               "Accueillir le nouveau membre.",
               {"Envoyer le dossier d'inscription"}},
              {"Perdu",
               kLost,
               "Comprendre pourquoi, et inviter au prochain concert.",
               {"Noter la raison"}},
          }};
}

}  // namespace

TemplateLanguage FrenchTemplates() {
  return {"fr",
          {"budget insuffisant", "timing inadapté", "autre prestataire", "projet abandonné",
           "autre raison"},
          {Sales(), CoachingIndividual(), CoachingCompany(), Koban(), Funnel(), SingingClub()}};
}

}  // namespace dealog::domain
