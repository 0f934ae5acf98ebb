"""Column names that people and vendors use, per field, in several languages.

Case, accents, units, brackets and punctuation are ignored (pdp.tabular.columns.key). From public
logs and apps, Omron connect, iHealth, Withings, Samsung Health and Google Forms; one that is missing
is set in settings.columns.
"""

from __future__ import annotations

from pdp.tabular.columns import names

MOMENT = {
    "date": "date,day,measurement date,date of measurement,reading date,datum,messdatum,tag,fecha,dia fecha,data,"
    "date de mesure,dato,paivamaara,pvm,datum mereni,nap,tarih,дата,день,ημερομηνια",
    "time": "time,measurement time,time of day,time of measurement,reading time,uhrzeit,zeit,hora,heure,ora,orario,"
    "tijd,tid,klokkeslett,kello,kellonaika,aika,godzina,czas,cas,ido,idopont,saat,время,час,ωρα",
    "datetime": "datetime,date time,date and time,date/time,timestamp,time stamp,measured at,measurement datetime,"
    "measurement date time,start time,taken at,recorded at,datum und uhrzeit,datum uhrzeit,datum/uhrzeit,zeitstempel,"
    "zeitpunkt,messzeitpunkt,fecha y hora,fecha/hora,marca temporal,date et heure,horodateur,data e ora,data/ora,"
    "informazioni cronologiche,data e hora,data/hora,carimbo de data/hora,datum en tijd,tijdstempel,datum och tid,"
    "tidsstampel,tidsstempel,data i godzina,sygnatura czasowa,дата и время,дата/время,отметка времени",
    "utc_offset": "utc offset,offset,time offset,timezone offset,time zone offset,tz offset,gmt offset",
}

OTHERS = {
    "person": "person,user,user code,user id,userid,user name,username,patient,patient id,patient name,participant,"
    "participant id,subject,subject id,member,profile,name,who,benutzer,nutzer,nutzername,person name,"
    "patientin,persona,"
    "usuario,paciente,nombre,utilisateur,nom,utente,paziente,nome,gebruiker,naam,anvandare,bruger,bruker,navn,namn,"
    "uzytkownik,pacjent,imie,пользователь,пациент,имя",
    "device": "device,device name,device model,model,monitor,gerat,messgerat,dispositivo,aparato,appareil,apparaat,"
    "urzadzenie,прибор,устройство",
    "note": "note,notes,comment,comments,remark,remarks,memo,bemerkung,bemerkungen,kommentar,kommentare,notiz,notizen,"
    "nota,notas,comentario,comentarios,observaciones,observacoes,commentaire,commentaires,remarque,"
    "remarques,commento,"
    "commenti,opmerking,opmerkingen,anteckning,notering,notater,huomautus,uwagi,notatki,poznamka,poznamky,megjegyzes,"
    "notlar,заметка,заметки,примечание,примечания,комментарий",
}

BLOOD_PRESSURE = names(
    **MOMENT,
    **OTHERS,
    systolic="systolic,sys,sbp,syst,high,upper,systolic pressure,systolic blood pressure,systolic bp,"
    "bp systolic,sys bp,"
    "blood pressure systolic,systole,systolisch,systolischer,systolischer wert,systolischer blutdruck,oberer wert,"
    "sistolica,sist,presion sistolica,tension sistolica,pressao sistolica,maxima,alta,sistole,pressione sistolica,"
    "massima,systolique,pression systolique,pas,bovendruk,systolische druk,systoliskt,systolisk,overtryk,overtrykk,"
    "ylapaine,skurczowe,cisnienie skurczowe,systolicky,systolicky tlak,szisztoles,sistolik,buyuk tansiyon,"
    "систолическое,систолическое давление,верхнее,верхнее давление,сад,систолічний,συστολικη",
    diastolic="diastolic,dia,dbp,diast,low,lower,diastolic pressure,diastolic blood pressure,diastolic bp,"
    "bp diastolic,"
    "dia bp,blood pressure diastolic,diastole,diastolisch,diastolischer,diastolischer wert,diastolischer blutdruck,"
    "unterer wert,diastolica,presion diastolica,tension diastolica,pressao diastolica,minima,baja,"
    "pressione diastolica,diastolique,pression diastolique,pad,onderdruk,diastolische druk,diastoliskt,diastolisk,"
    "undertryk,undertrykk,alapaine,rozkurczowe,cisnienie rozkurczowe,diastolicky,diastolicky tlak,diasztoles,"
    "diyastolik,kucuk tansiyon,диастолическое,диастолическое давление,нижнее,нижнее давление,дад,діастолічний,"
    "διαστολικη",
    pulse="pulse,pul,pls,hr,heart rate,heartrate,pulse rate,beats,bpm,ppm,puls,herzfrequenz,pulso,"
    "frecuencia cardiaca,"
    "fc,pulsaciones,frequencia cardiaca,batimentos,pouls,frequence cardiaque,pulsazioni,battiti,polso,"
    "frequenza cardiaca,hartslag,polsslag,pols,hartfrequentie,syke,tetno,tep,pulz,pulzus,nabiz,пульс,чсс,σφυγμοι",
    combined="blood pressure,bp,bp reading,reading,sys/dia,systolic/diastolic,sys dia,systolic diastolic,"
    "blutdruck,rr,"
    "blutdruckwert,presion arterial,presion,tension,tension arterial,ta,pa,pressao arterial,pressao,pressione,"
    "pressione arteriosa,pression arterielle,bloeddruk,blodtryck,blodtryk,blodtrykk,verenpaine,cisnienie,"
    "cisnienie krwi,krevni tlak,tlak,vernyomas,tansiyon,давление,артериальное давление,ад,тиск,αρτηριακη πιεση",
    posture="posture,position,body position,body posture,korperhaltung,haltung,postura,posicion,posizione,"
    "posture du corps,"
    "houding,поза,положение",
    location="location,arm,measurement location,measuring site,site,measurement site,messort,messstelle,"
    "brazo,braccio,bras,"
    "braco,рука",
)

SLEEP = names(
    person=OTHERS["person"],
    device=OTHERS["device"],
    utc_offset=MOMENT["utc_offset"],
    start="start,begin,sleep begin,sleep start,start time,bedtime,bed time,sleep onset,fell asleep,"
    "went to bed,from,beginn,"
    "schlafbeginn,einschlafzeit,bettzeit,inicio,hora de dormir,debut,coucher,inizio,inizio sonno,начало,засыпание",
    end="end,stop,finish,sleep end,sleep stop,end time,wake up,wake time,wake up time,wakeup,woke up,got up,to,ende,"
    "schlafende,aufwachzeit,aufstehzeit,fin,hora de despertar,reveil,lever,fine,fine sonno,конец,пробуждение",
    total="sleep duration,duration,total sleep,total sleep time,total sleep duration,asleep,time asleep,"
    "minutes asleep,tst,"
    "hours slept,schlafdauer,dauer,gesamtschlaf,duracion,duracion del sueno,duree,duree du sommeil,durata,"
    "durata del sonno,сон,длительность,продолжительность сна",
    awake="awake,sleep awake duration,awake duration,time awake,minutes awake,waso,wach,wachzeit,despierto,"
    "eveil,eveille,"
    "sveglio,бодрствование",
    rem="rem,rem sleep,sleep rem duration,rem duration,rem schlaf,sueno rem,sommeil paradoxal,sonno rem,быстрый сон",
    light="light,light sleep,sleep light duration,light duration,core,leichtschlaf,leicht,sueno ligero,sommeil leger,"
    "sonno leggero,легкий сон",
    deep="deep,deep sleep,sleep deep duration,deep duration,tiefschlaf,tief,sueno profundo,sommeil profond,"
    "sonno profondo,"
    "глубокий сон",
)
