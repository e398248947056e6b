BEGIN TRANSACTION;
CREATE TABLE baselines (
        runner TEXT NOT NULL COLLATE NOCASE REFERENCES runners ON UPDATE CASCADE ON DELETE CASCADE,
        clip TEXT NOT NULL REFERENCES clips,
        mounting TEXT NOT NULL REFERENCES mountings ON DELETE CASCADE,
        kernel_hash TEXT NOT NULL,
        parameter_hash TEXT NOT NULL,
        metric TEXT NOT NULL,
        side TEXT NOT NULL CHECK (side IN ('left', 'right')),
        mean REAL NOT NULL,
        mean_sd REAL NOT NULL,
        between_sd REAL NOT NULL,
        sd REAL NOT NULL,
        n_strides INTEGER NOT NULL,
        runs TEXT NOT NULL CHECK (json_valid(runs) AND json_type(runs) = 'array'),
        newest_at TEXT NOT NULL CHECK (
            newest_at GLOB '????-??-??T*[+-]??:??' AND julianday(newest_at) IS NOT NULL
        ),
        set_aside TEXT NOT NULL,
        PRIMARY KEY (runner, clip, mounting, kernel_hash, parameter_hash, metric, side)
    );
INSERT INTO "baselines" VALUES('Anna','C1','66eee8dad8c746729921617a99686ca0','0123456789abcdef','p','obliquity_peak_deg','left',4.99999999999999911182e+00,4.70140310420913642985e-01,7.74596669241483404277e-01,1.0,3000,'["d4735e3a265e16eee03f59718b9b5d03019c07d8b6c51f90da3a666eec13ab35","6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b","5feceb66ffc86f38d952786c6d696c79c2dbc239dd4e91b46729d73a27fb57e9"]','2026-04-30T12:00:00+02:00','');
INSERT INTO "baselines" VALUES('Anna','C1','66eee8dad8c746729921617a99686ca0','0123456789abcdef','p','obliquity_peak_deg','right',4.99999999999999911182e+00,4.70140310420913642985e-01,7.74596669241483404277e-01,1.0,3000,'["d4735e3a265e16eee03f59718b9b5d03019c07d8b6c51f90da3a666eec13ab35","6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b","5feceb66ffc86f38d952786c6d696c79c2dbc239dd4e91b46729d73a27fb57e9"]','2026-04-30T12:00:00+02:00','');
INSERT INTO "baselines" VALUES('Anna','C1','66eee8dad8c746729921617a99686ca0','0123456789abcdef','p','pelvic_drop_deg','left',4.99999999999999911182e+00,4.70140310420913642985e-01,7.74596669241483404277e-01,1.0,3000,'["d4735e3a265e16eee03f59718b9b5d03019c07d8b6c51f90da3a666eec13ab35","6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b","5feceb66ffc86f38d952786c6d696c79c2dbc239dd4e91b46729d73a27fb57e9"]','2026-04-30T12:00:00+02:00','');
INSERT INTO "baselines" VALUES('Anna','C1','66eee8dad8c746729921617a99686ca0','0123456789abcdef','p','pelvic_drop_deg','right',4.99999999999999911182e+00,4.70140310420913642985e-01,7.74596669241483404277e-01,1.0,3000,'["d4735e3a265e16eee03f59718b9b5d03019c07d8b6c51f90da3a666eec13ab35","6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b","5feceb66ffc86f38d952786c6d696c79c2dbc239dd4e91b46729d73a27fb57e9"]','2026-04-30T12:00:00+02:00','');
INSERT INTO "baselines" VALUES('Ben','unknown (LSM6DSO)','30f7c6119d1446819f426e0ca4d89e4f','0123456789abcdef','p','obliquity_peak_deg','left',5.0,1.03106533956292967246e+00,1.0,1.0,1000,'["3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d"]','2026-05-01T12:00:00+02:00','');
INSERT INTO "baselines" VALUES('Ben','unknown (LSM6DSO)','30f7c6119d1446819f426e0ca4d89e4f','0123456789abcdef','p','obliquity_peak_deg','right',5.0,1.03106533956292967246e+00,1.0,1.0,1000,'["3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d"]','2026-05-01T12:00:00+02:00','');
INSERT INTO "baselines" VALUES('Ben','unknown (LSM6DSO)','30f7c6119d1446819f426e0ca4d89e4f','0123456789abcdef','p','pelvic_drop_deg','left',5.0,1.03106533956292967246e+00,1.0,1.0,1000,'["3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d"]','2026-05-01T12:00:00+02:00','');
INSERT INTO "baselines" VALUES('Ben','unknown (LSM6DSO)','30f7c6119d1446819f426e0ca4d89e4f','0123456789abcdef','p','pelvic_drop_deg','right',5.0,1.03106533956292967246e+00,1.0,1.0,1000,'["3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d"]','2026-05-01T12:00:00+02:00','');
CREATE TABLE clips (
        id TEXT NOT NULL PRIMARY KEY,
        serial TEXT NOT NULL,
        sensor TEXT NOT NULL
    );
INSERT INTO "clips" VALUES('C1','C1','unknown');
INSERT INTO "clips" VALUES('unknown (LSM6DSO)','unknown','LSM6DSO');
CREATE TABLE mountings (
        id TEXT NOT NULL PRIMARY KEY,
        runner TEXT NOT NULL COLLATE NOCASE REFERENCES runners ON UPDATE CASCADE ON DELETE CASCADE,
        clip TEXT NOT NULL REFERENCES clips,
        place TEXT NOT NULL,
        axes TEXT NOT NULL CHECK (json_valid(axes) AND json_array_length(axes) = 9)
    );
INSERT INTO "mountings" VALUES('66eee8dad8c746729921617a99686ca0','Anna','C1','sacrum','[1.0,0.0,0.0,0.0,1.0,0.0,0.0,0.0,1.0]');
INSERT INTO "mountings" VALUES('30f7c6119d1446819f426e0ca4d89e4f','Ben','unknown (LSM6DSO)','','[0.0,1.0,0.0,-1.0,0.0,0.0,0.0,0.0,1.0]');
CREATE TABLE notes (
        id TEXT NOT NULL PRIMARY KEY,
        runner TEXT NOT NULL COLLATE NOCASE REFERENCES runners ON UPDATE CASCADE ON DELETE CASCADE,
        run TEXT REFERENCES runs ON DELETE SET NULL,
        entered_at TEXT NOT NULL CHECK (
            entered_at GLOB '????-??-??T*[+-]??:??' AND julianday(entered_at) IS NOT NULL
        ),
        text TEXT NOT NULL CHECK (length(text) > 0)
    );
INSERT INTO "notes" VALUES('afe4c56e4f2242379872458a2766838c','Ben',NULL,'2026-05-01T12:00:00+02:00','new shoes');
CREATE TABLE pain (
        id TEXT NOT NULL PRIMARY KEY,
        runner TEXT NOT NULL COLLATE NOCASE REFERENCES runners ON UPDATE CASCADE ON DELETE CASCADE,
        run TEXT REFERENCES runs ON DELETE SET NULL,
        place TEXT NOT NULL CHECK (length(place) BETWEEN 1 AND 100),
        side TEXT NOT NULL CHECK (side IN ('left', 'right', 'both')),
        level INTEGER NOT NULL CHECK (typeof(level) = 'integer' AND level BETWEEN 0 AND 10),
        felt_at TEXT NOT NULL CHECK (
            felt_at GLOB '????-??-??T*[+-]??:??' AND julianday(felt_at) IS NOT NULL
        ),
        entered_at TEXT NOT NULL CHECK (
            entered_at GLOB '????-??-??T*[+-]??:??' AND julianday(entered_at) IS NOT NULL
        ),
        note TEXT NOT NULL,
        clock TEXT NOT NULL CHECK (clock IN ('', 'future', 'before_last'))
    );
INSERT INTO "pain" VALUES('5c1365a2ea70445aaa6cacb9cf2ab992','Anna','d4735e3a265e16eee03f59718b9b5d03019c07d8b6c51f90da3a666eec13ab35','knee','left',4,'2026-05-01T12:00:00+02:00','2026-05-01T12:00:00+02:00','downhill','');
CREATE TABLE runners (
        name TEXT NOT NULL PRIMARY KEY COLLATE NOCASE CHECK (length(name) BETWEEN 1 AND 100),
        created_at TEXT NOT NULL CHECK (
            created_at GLOB '????-??-??T*[+-]??:??' AND julianday(created_at) IS NOT NULL
        )
    );
INSERT INTO "runners" VALUES('Anna','2026-05-01T12:00:00+02:00');
INSERT INTO "runners" VALUES('Ben','2026-05-01T12:00:00+02:00');
CREATE TABLE runs (
        hash TEXT NOT NULL PRIMARY KEY CHECK (length(hash) = 64 AND hash NOT GLOB '*[^0-9a-f]*'),
        runner TEXT NOT NULL COLLATE NOCASE REFERENCES runners ON UPDATE CASCADE ON DELETE CASCADE,
        clip TEXT NOT NULL REFERENCES clips,
        mounting TEXT REFERENCES mountings ON DELETE SET NULL,
        source TEXT NOT NULL,
        raw_path TEXT,
        started_at TEXT CHECK (
            started_at IS NULL OR started_at GLOB '????-??-??T*[+-]??:??' AND julianday(started_at) IS NOT NULL
        ),
        duration_s REAL NOT NULL CHECK (duration_s >= 0),
        rate_hz REAL NOT NULL CHECK (rate_hz > 0),
        analysed_at TEXT NOT NULL CHECK (
            analysed_at GLOB '????-??-??T*[+-]??:??' AND julianday(analysed_at) IS NOT NULL
        ),
        kernel_hash TEXT NOT NULL,
        parameter_hash TEXT NOT NULL,
        mode TEXT NOT NULL,
        options TEXT NOT NULL CHECK (json_valid(options) AND json_type(options) = 'object'),
        summary TEXT NOT NULL CHECK (json_valid(summary) AND json_type(summary) = 'object'),
        clock TEXT NOT NULL CHECK (clock IN ('', 'future', 'before_last'))
    );
INSERT INTO "runs" VALUES('5feceb66ffc86f38d952786c6d696c79c2dbc239dd4e91b46729d73a27fb57e9','Anna','C1','66eee8dad8c746729921617a99686ca0','run0.csv',NULL,'2026-04-28T12:00:00+02:00',1800.0,208.0,'2026-05-01T12:00:00+02:00','0123456789abcdef','p','refined','{}','{"steps":5000,"notes":["Grüße"]}','');
INSERT INTO "runs" VALUES('6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b','Anna','C1','66eee8dad8c746729921617a99686ca0','run1.csv',NULL,'2026-04-29T12:00:00+02:00',1800.0,208.0,'2026-05-01T12:00:00+02:00','0123456789abcdef','p','refined','{}','{"steps":5000,"notes":["Grüße"]}','');
INSERT INTO "runs" VALUES('d4735e3a265e16eee03f59718b9b5d03019c07d8b6c51f90da3a666eec13ab35','Anna','C1','66eee8dad8c746729921617a99686ca0','run2.csv',NULL,'2026-04-30T12:00:00+02:00',1800.0,208.0,'2026-05-01T12:00:00+02:00','0123456789abcdef','p','refined','{}','{"steps":5000,"notes":["Grüße"]}','');
INSERT INTO "runs" VALUES('3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d','Ben','unknown (LSM6DSO)','30f7c6119d1446819f426e0ca4d89e4f','runb.csv',NULL,NULL,1800.0,208.0,'2026-05-01T12:00:00+02:00','0123456789abcdef','p','refined','{}','{"steps":5000,"notes":["Grüße"]}','');
CREATE TABLE settled (
        run TEXT NOT NULL REFERENCES runs ON DELETE CASCADE,
        metric TEXT NOT NULL,
        side TEXT NOT NULL CHECK (side IN ('left', 'right')),
        mean REAL NOT NULL CHECK (typeof(mean) = 'real'),
        sd REAL NOT NULL CHECK (sd >= 0),
        n INTEGER NOT NULL CHECK (n >= 2),
        PRIMARY KEY (run, metric, side)
    );
INSERT INTO "settled" VALUES('5feceb66ffc86f38d952786c6d696c79c2dbc239dd4e91b46729d73a27fb57e9','obliquity_peak_deg','left',5.0,1.0,1000);
INSERT INTO "settled" VALUES('5feceb66ffc86f38d952786c6d696c79c2dbc239dd4e91b46729d73a27fb57e9','obliquity_peak_deg','right',5.0,1.0,1000);
INSERT INTO "settled" VALUES('5feceb66ffc86f38d952786c6d696c79c2dbc239dd4e91b46729d73a27fb57e9','pelvic_drop_deg','left',5.0,1.0,1000);
INSERT INTO "settled" VALUES('5feceb66ffc86f38d952786c6d696c79c2dbc239dd4e91b46729d73a27fb57e9','pelvic_drop_deg','right',5.0,1.0,1000);
INSERT INTO "settled" VALUES('6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b','obliquity_peak_deg','left',5.0,1.0,1000);
INSERT INTO "settled" VALUES('6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b','obliquity_peak_deg','right',5.0,1.0,1000);
INSERT INTO "settled" VALUES('6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b','pelvic_drop_deg','left',5.0,1.0,1000);
INSERT INTO "settled" VALUES('6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b','pelvic_drop_deg','right',5.0,1.0,1000);
INSERT INTO "settled" VALUES('d4735e3a265e16eee03f59718b9b5d03019c07d8b6c51f90da3a666eec13ab35','obliquity_peak_deg','left',5.0,1.0,1000);
INSERT INTO "settled" VALUES('d4735e3a265e16eee03f59718b9b5d03019c07d8b6c51f90da3a666eec13ab35','obliquity_peak_deg','right',5.0,1.0,1000);
INSERT INTO "settled" VALUES('d4735e3a265e16eee03f59718b9b5d03019c07d8b6c51f90da3a666eec13ab35','pelvic_drop_deg','left',5.0,1.0,1000);
INSERT INTO "settled" VALUES('d4735e3a265e16eee03f59718b9b5d03019c07d8b6c51f90da3a666eec13ab35','pelvic_drop_deg','right',5.0,1.0,1000);
INSERT INTO "settled" VALUES('3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d','obliquity_peak_deg','left',5.0,1.0,1000);
INSERT INTO "settled" VALUES('3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d','obliquity_peak_deg','right',5.0,1.0,1000);
INSERT INTO "settled" VALUES('3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d','pelvic_drop_deg','left',5.0,1.0,1000);
INSERT INTO "settled" VALUES('3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d','pelvic_drop_deg','right',5.0,1.0,1000);
CREATE INDEX runs_of_runner ON runs (runner, clip);
CREATE INDEX pain_of_runner ON pain (runner);
COMMIT;
PRAGMA user_version = 1;
PRAGMA application_id = 1414680140;
