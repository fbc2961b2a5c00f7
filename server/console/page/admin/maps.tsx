// What the console's maps are drawn on: files that are only here, in no log and in no backup.
import { MapFiles } from '@page/map/files';
import { T } from '@page/text';

export function Maps() {
  return (
    <>
      <p class="quiet">
        {T(
          '收件、案件、接报、巡查的地图都画在这上面；只在指挥中心，不发给设备，也不进备份，请留好原文件。',
          'Inbox, cases, intake and patrols are drawn on these. They are at the centre alone: no device gets them and no backup has them, so keep the file.',
        )}
      </p>
      <MapFiles
        none={T(
          '还没有地图：案件画在单位边界和方格上。装一份 MBTiles 栅格地图，就有底图。',
          'There is no map: cases are drawn on the borders of units and a lattice. Add a raster MBTiles file to have one beneath.',
        )}
        gone={T('只删地图文件，案件和记录都不动。', 'Only the map goes; no case and no record is touched.')}
      />
    </>
  );
}
